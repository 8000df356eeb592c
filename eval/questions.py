"""Reads the labelled questions and refuses what would spoil a measurement.

What each field means to a labeller stands in `eval/README.md`; asking is left to `door`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from bot.errors import BotError
from bot.records import OUTCOMES, Outcome
from eval.records import Item, Split
from eval.titles import folded, same_title

SPLITS: tuple[Split, ...] = ("tune", "test")
# At 90 of 100 two questions differ by a word or two; found by looking at pairs from 80 upwards.
NEAR_DUPLICATE_RATIO = 90.0

_REQUIRED = ("id", "guide", "turns", "outcome", "family", "split")
_OPTIONAL = ("accept", "sections", "must_contain", "slice", "row", "note")


class QuestionError(BotError):
    """A file of questions is unreadable or contradicts itself or another."""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two questions about one guide that read alike and stand on both sides of the split."""

    tune_id: str
    test_id: str
    ratio: float


def load_items(folder: Path) -> list[Item]:
    """Read every `*.jsonl` of a folder, files by name, lines in order.

    Raises:
        QuestionError: A bad line, an id used twice, or a family on both sides of the split;
            names file and line. A folder without questions is one too.
    """
    items = [item for path in sorted(folder.glob("*.jsonl")) for item in _read_file(path)]
    if not items:
        raise QuestionError("no questions", expected="*.jsonl files", where=str(folder))
    check_items(items)
    return items


def parse_item(line: str, where: str) -> Item:
    """Turn one JSON line into an item; QuestionError names what is wrong with it."""
    row = _parse_object(line, where)
    outcome = _outcome(row["outcome"], f"{where}: outcome")
    item = Item(
        item_id=_text(row, "id", where),
        guide=_text(row, "guide", where).removesuffix(".md"),
        turns=_texts(row, "turns", where, strip=False),
        outcome=outcome,
        accept=tuple(_outcome(a, f"{where}: accept") for a in _texts(row, "accept", where)),
        sections=_texts(row, "sections", where),
        must_contain=_texts(row, "must_contain", where),
        slices=tuple(slice_name(s) for s in _texts(row, "slice", where)),
        family=_text(row, "family", where),
        split=_split(row["split"], where),
        rows=_rows(row.get("row"), where),
        where=where,
    )
    if not item.turns:
        raise QuestionError("no turns", expected="one message or more", where=where)
    if outcome == "answer" and not item.sections:
        raise QuestionError("an answer without sections", expected="a right section", where=where)
    return item


def check_items(items: Sequence[Item]) -> None:
    """Raise QuestionError for an id used twice or a family on both sides of the split."""
    by_id: dict[str, Item] = {}
    by_family: dict[str, Item] = {}
    for item in items:
        twin = by_id.setdefault(item.item_id, item)
        if twin is not item:
            raise QuestionError(
                f"id {item.item_id!r} is used twice", expected=f"not {twin.where}", where=item.where
            )
        first = by_family.setdefault(item.family, item)
        if first.split != item.split:
            raise QuestionError(
                f"family {item.family!r} stands in {first.split!r} and in {item.split!r}",
                expected=f"one side only (see {first.where})",
                where=item.where,
            )


def near_duplicates(
    items: Sequence[Item], min_ratio: float = NEAR_DUPLICATE_RATIO
) -> list[NearDuplicate]:
    """Pairs across the split, about the same guide, whose words are nearly the same.

    The words of all turns are compared without order (rapidfuzz' token_sort_ratio, 0 to 100).
    Such a pair is reported and no error: "b12 and iron" and "iron and b12" may both be wanted.
    """
    found: list[NearDuplicate] = []
    for guide in sorted({item.guide for item in items}):
        tune = [i for i in items if i.guide == guide and i.split == "tune"]
        test = {i.item_id: _said(i) for i in items if i.guide == guide and i.split == "test"}
        for item in tune:
            close = process.extract(
                _said(item), test, scorer=fuzz.token_sort_ratio, score_cutoff=min_ratio, limit=3
            )
            found += [NearDuplicate(item.item_id, key, round(r, 1)) for _, r, key in close]
    return found


def check_labels(
    items: Iterable[Item], titles: Mapping[str, set[str]], texts: Mapping[str, str]
) -> None:
    """Check labels against the guides: sections that exist, decisive words that stand there.

    Args:
        items: The questions.
        titles: Guide id to its section titles, as `judge.same_title` writes them.
        texts: Guide id to its source text, white space folded and in lower case.

    Raises:
        QuestionError: Names the first wrong label.
    """
    for item in items:
        for section in item.sections:
            if same_title(section) not in titles[item.guide]:
                raise QuestionError(
                    f"guide {item.guide} has no section {section!r}",
                    expected="a section title as `quotewell passages` prints it",
                    where=item.where,
                )
        for part in item.must_contain:
            if folded(part) not in texts[item.guide]:
                raise QuestionError(
                    f"{part!r} is not in guide {item.guide}",
                    expected="words as the guide has them",
                    where=item.where,
                )


def select(
    items: Iterable[Item], split: str = "all", guide: str = "", slice_: str = ""
) -> list[Item]:
    """The items of a split (`tune`, `test`, `all`), and of a guide and a slice if given."""
    wanted_slice = slice_name(slice_) if slice_ else ""
    return [
        item
        for item in items
        if split in ("all", item.split)
        and guide.removesuffix(".md") in ("", item.guide)
        and (not wanted_slice or wanted_slice in item.slices)
    ]


def slice_name(text: str) -> str:
    """One spelling per slice: "Near miss" -> "near_miss", "look-alike" -> "lookalike"."""
    name = "_".join(text.lower().replace("-", " ").replace("_", " ").split())
    return name.replace("look_alike", "lookalike")


def _read_file(path: Path) -> list[Item]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"cannot be read ({error})", where=str(path)) from error
    return [
        parse_item(line, f"{path.name}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _parse_object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise QuestionError(f"not JSON ({error})", expected="one object", where=where) from error
    if not isinstance(row, dict):
        raise QuestionError(type(row).__name__, expected="a JSON object", where=where)
    missing = [key for key in _REQUIRED if key not in row]
    unknown = [key for key in row if key not in _REQUIRED + _OPTIONAL]
    if missing or unknown:
        raise QuestionError(
            f"missing {missing or 'nothing'}, unknown {unknown or 'nothing'}",
            expected=f"{', '.join(_REQUIRED)} and perhaps {', '.join(_OPTIONAL)}",
            where=where,
        )
    return row


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value.strip():
        raise QuestionError(repr(value), expected="a text", where=f"{where}: {key}")
    return value.strip()


def _texts(row: dict[str, Any], key: str, where: str, *, strip: bool = True) -> tuple[str, ...]:
    # Turns are kept as they are: an empty message is a question that a bot must bear.
    values = row.get(key) or []
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise QuestionError(repr(values), expected="a list of texts", where=f"{where}: {key}")
    return tuple(v.strip() if strip else v for v in values)


def _outcome(value: object, where: str) -> Outcome:
    if value not in OUTCOMES:
        raise QuestionError(repr(value), expected=" or ".join(OUTCOMES), where=where)
    return value


def _split(value: object, where: str) -> Split:
    if value not in SPLITS:
        raise QuestionError(repr(value), expected="tune or test", where=f"{where}: split")
    return value


def _rows(value: object, where: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(v, (str, int)) and not isinstance(v, bool) for v in values):
        raise QuestionError(repr(value), expected="a row such as 13", where=f"{where}: row")
    return tuple(str(v).strip() for v in values if str(v).strip())


def _said(item: Item) -> str:
    return " ".join(" ".join(item.turns).lower().split())
