"""What the README says is so: settings, commands, routes, outcomes, and examples that run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Route

import bot
from bot import settings
from bot.answer import open_bot
from bot.answer.kept import cache_folder
from bot.cli.app import app
from bot.clinic import clinic_problems, load_clinic
from bot.http import create_app
from bot.records import OUTCOMES, NumberKind
from bot.store import open_store

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDERS = ("bot", "corpus", "eval", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(p for f in FOLDERS for p in (ROOT / f).rglob("README.md"))])
# Fenced code whose first line is ```<language> <mark>.
FENCE = re.compile(r"^```(\w+) (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Said of this project nowhere: places that exist on one machine only, and work left open.
FORBIDDEN = ("/work/", "/tmp/", "/home/", "/root/", "TODO", "FIXME", "XXX")


def settings_table() -> str:
    """The settings as the README shows them, in the order of the program."""
    rows = ["| Name | Default | What it does |", "|---|---|---|"]
    for name, default, help_text in settings.table():
        shown = f"`{default}`" if default else "empty"
        rows.append(f"| `{name}` | {shown} | {help_text[0].upper()}{help_text[1:]}. |")
    return "\n".join(rows)


def block(name: str) -> str:
    """What stands in the README between the marks of that name."""
    begin, end = f"<!-- {name}:begin -->\n", f"\n<!-- {name}:end -->"
    return README.partition(begin)[2].partition(end)[0]


def examples(mark: str) -> list[Any]:
    """The README's fenced code of that mark, as (language, code), each named by its first line."""
    found = [(m[1], m[3]) for m in FENCE.finditer(README) if m[2] == mark]
    return [pytest.param(*pair, id=pair[1].splitlines()[0][:40]) for pair in found]


def test_the_settings_table_is_the_one_of_the_program() -> None:
    assert block("settings") == settings_table()


@pytest.mark.parametrize("command", sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`quotewell {command}" in README


@pytest.mark.parametrize("command", sorted(set(re.findall(r"quotewell ([a-z]+)", README))))
def test_every_command_in_the_readme_exists(command: str) -> None:
    assert command in typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_a_row_in_the_readme(outcome: str) -> None:
    assert f"| `{outcome}` |" in README


@pytest.mark.parametrize("kind", [k for k in get_args(NumberKind) if k != "clinic"])
def test_every_kind_of_number_is_in_the_readme(kind: str) -> None:
    assert re.search(rf"kind = .*\b{kind}\b", README)


@pytest.mark.parametrize(("language", "code"), examples("run"))
def test_an_example_of_the_readme_runs(language: str, code: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    command = [sys.executable, "-c", code] if language == "python" else ["sh", "-euc", code]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr == ""


def _environment(folder: Path) -> dict[str, str]:
    """That of a reader who has this checkout's `quotewell` on the path and set nothing."""
    shim = folder / "bin" / "quotewell"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bot "$@"\n')
    shim.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(settings.PREFIX)}
    path = os.pathsep.join([str(shim.parent), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def web_app() -> FastAPI:
    corpus = {"QUOTEWELL_CORPUS_DIR": str(ROOT / "corpus")}
    loaded = settings.load_settings(corpus)
    return create_app(
        open_bot(loaded, cache=cache_folder()), open_store("", retention_hours=1), loaded
    )


def test_every_route_is_in_the_readme(web_app: FastAPI) -> None:
    paths = {route.path for route in web_app.routes if isinstance(route, Route)}
    assert {"/v1/ask", "/healthz", "/"} <= paths
    assert [
        path for path in sorted(paths) if not re.search(rf"[ `]{re.escape(path)}`", README)
    ] == []


def test_every_route_of_the_readme_exists(web_app: FastAPI) -> None:
    named = set(re.findall(r"`(GET|POST|DELETE) (/[^`]*)`", README))
    offered = {
        (method, route.path)
        for route in web_app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }
    assert named
    assert sorted(named - offered) == []


@pytest.mark.parametrize(("language", "code"), examples("curl"))
def test_a_call_of_the_readme_gets_a_reply(language: str, code: str, web_app: FastAPI) -> None:
    words = shlex.split(code)
    (url,) = (word for word in words if word.startswith("http://127.0.0.1:8000/"))
    headers = [words[n + 1].split(": ") for n, word in enumerate(words) if word == "-H"]
    body = words[words.index("-d") + 1]
    with TestClient(web_app, base_url="http://127.0.0.1:8000") as client:
        response = client.post(url, content=body, headers=dict(headers))
    assert response.status_code == 200
    assert response.json()["outcome"] == "answer"


def test_the_clinic_of_the_readme_is_a_sound_one(tmp_path: Path) -> None:
    found = re.search(r"^```toml\n(name = .*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found
    (tmp_path / "clinic.toml").write_text(found[1], encoding="utf-8")
    assert clinic_problems(tmp_path) == []
    assert not load_clinic(tmp_path).is_demo


def test_the_changelog_has_a_section_for_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(bot.__version__)}\]", changelog, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_page_names_no_place_of_one_machine_and_no_work_left_open(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [word for word in FORBIDDEN if word in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_link_to_a_file_or_a_heading_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = {_anchor(line) for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif "://" not in target:
            assert (page.parent / target.partition("#")[0]).exists(), target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":  # python tests/test_docs.py: writes the settings table
    marks = re.compile(r"(<!-- settings:begin -->\n).*?\n?(<!-- settings:end -->)", re.DOTALL)
    table = settings_table()
    text = marks.sub(lambda m: f"{m[1]}{table}\n{m[2]}", README)
    (ROOT / "README.md").write_text(text, encoding="utf-8")
