"""Imports go one way, and the heavy packages stay behind the door that needs them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parent.parent / "bot"
# fmt: off
ORDER = (
    "records", "errors", "settings", "tables", "clinic", "wording", "text", "analysis",
    "subjects", "redact", "corpus", "guide", "examples", "rows", "relevance", "likeness",
    "silence", "bm25", "query", "facts", "index", "ranking", "spelling", "languages",
    "readings", "gates", "grounding", "excerpt", "visit", "answer", "proposals", "store",
    "sampling", "keys", "limits", "webhooks", "channels", "outbox", "web", "http", "mcp", "cli",
)
# fmt: on
# Which module alone may import a package, and everything of that package's family.
ONLY_IN = {
    "fastapi": "http",
    "starlette": "http",
    "uvicorn": "http",
    "prometheus_client": "http",
    "limits": "limits",
    "mcp": "mcp",
    "sqlalchemy": "store",
    "alembic": "store",
    "typer": "cli",
    "rich": "cli",
}
# Start the program, and so may import the command line from outside the order.
STARTERS = {"__main__"}


def imported(path: Path, root: Path = BOT) -> Iterator[str]:
    """Dotted names of all that a file imports, those inside functions too."""
    package = (root.name, *path.relative_to(root).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def module_of(path: Path, root: Path = BOT) -> str:
    """The module of the map that a file belongs to: its folder, or its own name."""
    first = path.relative_to(root).parts[0]
    return first.removesuffix(".py")


def wrong_arrows(path: Path, root: Path = BOT) -> list[str]:
    """What a file imports that does not stand before its own module, told in words."""
    here = module_of(path, root)
    wrong = []
    for name in imported(path, root):
        parts = name.split(".")
        if parts[0] in ("eval", "tests"):
            wrong.append(f"{path.name} imports {name}")
        if parts[0] != root.name or len(parts) < 2 or here in STARTERS:
            continue
        there = parts[1]
        if there in ORDER and there != here and ORDER.index(there) > ORDER.index(here):
            wrong.append(f"{here} imports {there}, which stands after it")
    return wrong


FILES = sorted(p for p in BOT.rglob("*.py") if p != BOT / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(BOT)))
def test_a_file_imports_only_what_stands_before_it(path: Path) -> None:
    assert wrong_arrows(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(BOT)))
def test_every_file_has_its_place_in_the_order(path: Path) -> None:
    assert module_of(path) in {*ORDER, *STARTERS}


@pytest.mark.parametrize(("package", "home"), ONLY_IN.items())
def test_a_heavy_package_is_imported_by_its_own_door_only(package: str, home: str) -> None:
    users = {module_of(p) for p in FILES if package in {n.split(".")[0] for n in imported(p)}}
    assert users <= {home}


def test_an_arrow_the_other_way_is_found(tmp_path: Path) -> None:
    root = tmp_path / "bot"
    (root / "gates").mkdir(parents=True)
    file = root / "gates" / "dosing.py"
    file.write_text("def late():\n    from bot.answer import reply\n    from ..http import app\n")
    assert wrong_arrows(file, root) == [
        "gates imports answer, which stands after it",
        "gates imports answer, which stands after it",
        "gates imports http, which stands after it",
        "gates imports http, which stands after it",
    ]


def test_an_import_of_eval_is_found(tmp_path: Path) -> None:
    root = tmp_path / "bot"
    root.mkdir()
    file = root / "answer.py"
    file.write_text("import eval.measures\n")
    assert wrong_arrows(file, root) == ["answer.py imports eval.measures"]
