# Every target makes .venv itself; nothing else has to be installed first than Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: serve test check eval clean
.DEFAULT_GOAL := serve

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

serve: $(VENV)/.ready ## serve the start page, the reading page and the API on http://127.0.0.1:8000
	$(BIN)/quotewell serve

test: $(VENV)/.ready-test check ## run every check, every test and the eval suite
	$(BIN)/python -m pytest -n 2
	$(BIN)/python -m eval --check

check: $(VENV)/.ready-test ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

eval: $(VENV)/.ready-test ## measure the bot on the eval suite; report in eval/out/
	$(BIN)/python -m eval

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis eval/out
