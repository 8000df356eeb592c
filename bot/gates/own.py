"""Reads a clinic's own rules from its corpus folder; whether they loosen a gate, `trial` tells."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bot.errors import SettingsError
from bot.gates.rules import Rule, parse_rules


class OwnRule(NamedTuple):
    """A rule of the clinic's, the file that holds it, and whether it took another's place."""

    rule: Rule
    file: str
    replaces: bool

    @property
    def rule_id(self) -> str:
        """The rule's id."""
        return self.rule.rule_id


def own_files(corpus_dir: Path | None) -> list[Path]:
    """The rule files in a corpus folder, by name; none without a folder `gates` in it."""
    folder = corpus_dir / "gates" if corpus_dir else None
    return sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else []


def read_own(
    path: Path, gates: Sequence[str], features: frozenset[str], known: Collection[str]
) -> list[OwnRule]:
    """Read one of a clinic's files.

    Args:
        path: Named after its gate, or its name begins with that and a hyphen.
        gates: Names of gates.
        features: Names of features.
        known: Ids of the rules that are there already.

    Raises:
        SettingsError: No TOML, an unknown gate, feature or key, no rule at all, or one that
            replaces a known one and is not signed.
    """
    gate = path.stem.split("-")[0]
    if gate not in gates:
        expected = f"one of {', '.join(gates)}"
        raise SettingsError("no gate of that name", expected=expected, where=str(path))
    data = _read(path)
    rules = parse_rules(gate, data, features, str(path))
    replaced = set(known)
    own: list[OwnRule] = []
    for rule in rules:
        if rule.rule_id in replaced and not rule.signed_by:
            raise SettingsError(
                f"rule {rule.rule_id} replaces a reviewed rule without signed_by",
                expected="another id, or signed_by with the name of who answers for it",
                where=str(path),
            )
        own.append(OwnRule(rule, str(path), rule.rule_id in replaced))
        replaced.add(rule.rule_id)
    return own


def _read(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"not TOML ({error})", where=str(path)) from error
    # A misspelt heading would leave the file without effect, and nobody would know.
    if not isinstance(data.get("rule"), list) or set(data) != {"rule"}:
        found = ", ".join(sorted(data)) or "nothing"
        raise SettingsError(f"{found} in the file", expected="[[rule]] alone", where=str(path))
    return data
