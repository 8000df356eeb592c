"""The hazard log keeps in step: the rules and tests that it names exist, and no gate is left out.

What the controls do is tested where they stand.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from bot.gates import GATES, WITHHELD, load_gates
from bot.gates.evidence import CLASSES
from tests.core_help import ROOT, judge, real_gates

PAGE = (ROOT / "bot" / "gates" / "README.md").read_text(encoding="utf-8")
COLUMNS = (
    *("Id", "Hazard", "Cause", "Effect", "Severity", "Likelihood", "Control"),
    *("Rules", "Tests", "Residual risk"),
)
SEVERITIES = {"Minor", "Significant", "Considerable", "Major", "Catastrophic"}
LIKELIHOODS = {"Very low", "Low", "Medium", "High", "Very high"}
RISKS = ("Low: ", "Moderate: ", "High: ")
Row = dict[str, str]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@cache
def log() -> list[Row]:
    """The rows of the hazard log, by column."""
    lines = [line for line in PAGE.splitlines() if re.match(r"\| H\d+ \|", line)]
    return [dict(zip(COLUMNS, cells(line), strict=True)) for line in lines]


def named(row: Row, column: str) -> list[str]:
    """What stands in backquotes in one cell; every cell of names holds nothing else."""
    found = re.findall(r"`([^`]+)`", row[column])
    assert row[column] == (" ".join(f"`{name}`" for name in found) or "–"), row["Id"]
    return found


@cache
def rule_ids() -> frozenset[str]:
    """The packaged rules, and what the weighted evidence calls itself in each gate it knows."""
    gates = real_gates()
    evidence = {f"{gate}.evidence" for gate in CLASSES if gate != "none"}
    return frozenset({rule.rule_id for rule in (*gates.rules, *gates.withheld)} | evidence)


@cache
def names_in(file: str) -> frozenset[str]:
    """Classes and test functions of a test file, as pytest names them after the file."""
    path = ROOT / "tests" / file
    if not path.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            found |= {node.name} | {f"{node.name}::{name}" for name in methods}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    collected = re.compile(r"test_|Test\w+$|\w+::test_")
    return frozenset(name for name in found if collected.match(name))


@pytest.fixture(params=log(), ids=lambda row: row["Id"])
def row(request: pytest.FixtureRequest) -> Row:
    found: Row = request.param
    return found


def test_the_log_has_its_columns_and_hazards_in_order() -> None:
    (header,) = [line for line in PAGE.splitlines() if line.startswith("| Id |")]
    assert tuple(cells(header)) == COLUMNS
    assert len(log()) >= 18
    assert [row["Id"] for row in log()] == [f"H{n}" for n in range(1, len(log()) + 1)]
    assert len({row["Hazard"] for row in log()}) == len(log())


def test_a_hazard_is_told_in_full(row: Row) -> None:
    assert all(row.values())
    assert row["Severity"] in SEVERITIES
    assert row["Likelihood"] in LIKELIHOODS
    assert row["Residual risk"].startswith(RISKS)


def test_every_rule_named_exists(row: Row) -> None:
    for name in named(row, "Rules"):
        if name.endswith(".*"):
            assert any(known.startswith(name[:-1]) for known in rule_ids()), name
        else:
            assert name in rule_ids()


def test_every_test_named_exists(row: Row) -> None:
    assert named(row, "Tests")
    for name in named(row, "Tests"):
        file, _, inside = name.partition("::")
        assert inside in names_in(file), name


def test_every_rule_file_appears() -> None:
    files = {path.stem for path in (ROOT / "bot" / "gates").glob("*.toml")} - {"features"}
    assert files == {*GATES, WITHHELD}
    assert {name.partition(".")[0] for row in log() for name in named(row, "Rules")} == files
    assert [file for file in sorted(files) if f"`{file}.toml`" not in PAGE] == []


def test_rules_named_elsewhere_on_the_page_exist() -> None:
    text = "\n".join(line for line in PAGE.splitlines() if not line.startswith("| H"))
    gates = "|".join((*GATES, WITHHELD))
    found = re.findall(rf"`((?:{gates})\.(?!toml`)[a-z-]+)`", text)
    assert found
    assert set(found) <= rule_ids()


def test_hazards_named_in_the_safety_case_are_in_the_log() -> None:
    case = PAGE.partition("## Safety case")[2]
    known = {row["Id"] for row in log()}
    assert set(re.findall(r"\bH\d+\b", case)) <= known


def test_no_figure_stands_on_the_page() -> None:
    bare = re.sub(r"\bH\d+\b|\bB12\b|\bb12\b|\bDCB0129\b", "", PAGE)
    assert re.findall(r".{0,20}\d.{0,20}", bare) == []


def test_the_example_of_a_clinics_rule_works(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "personal-children.toml").write_text(text, encoding="utf-8")
    gates = load_gates(tmp_path)
    (rule,) = [rule for rule in gates.rules if rule.rule_id == "personal.children"]
    assert rule.catches
    assert rule.passes
    for said in rule.catches:
        assert rule.rule_id in {fired.rule_id for fired in judge(said, gates=gates).fired}, said
    for said in rule.passes:
        assert rule.rule_id not in {fired.rule_id for fired in judge(said, gates=gates).fired}, said
