"""A clinic's own rules: their examples, what they loosen, who signed, and what the log says."""

from __future__ import annotations

import json
import shutil
import tomllib
from datetime import date
from pathlib import Path

import httpx2
import pytest

from bot.answer import open_bot
from bot.cli.check import examine
from bot.cli.findings import Finding
from bot.cli.own_rules import own_rules
from bot.errors import SettingsError
from bot.gates import Gates, load_gates
from bot.gates.own import OwnRule
from bot.gates.rules import parse_rules
from bot.gates.trial import losses
from bot.records import Turn, Visit
from bot.settings import load_settings
from tests.core_help import NOON, ROOT, VISIT, real_gates
from tests.test_http_server import served

ADDED = """
[[rule]]
id = "personal.children"
all = ["child", "subject|shot"]
catches = ["is b12 good for my daughter", {catches}]
passes = ["what is a b12 injection", {passes}]
"""
NARROWED = """
[[rule]]
id = "dosing.how-much"
all = ["how_much", "unit"]
catches = ["how much mg is in one"]
passes = ["how much does it cost"]
signed_by = "Dr Example"
{more}
"""
OTHER = """
[[rule]]
id = "dosing.site-bare"
all = ["how_much", "unit", "site"]
"""
UNSIGNED = """
[[rule]]
id = "personal.ours"
all = ["child"]
{more}
"""


def in_force(text: str, *, signed: bool) -> Gates:
    """The packaged gates with a rule in force, signed or not, as a loader might let it through."""
    data = tomllib.loads(text.format(more=""))
    for table in data["rule"]:
        table.pop("signed_by", None)
        if signed:
            table["signed_by"] = "Dr Example"
    rules = parse_rules("dosing", data, real_gates().features.names, "dosing-ours.toml")
    return real_gates().with_own(OwnRule(rule, "dosing-ours.toml", True) for rule in rules)


def unsigned(text: str) -> list[Finding]:
    return list(own_rules(in_force(text, signed=False), []))


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of the real guide, without rules of its own yet."""
    folder = tmp_path / "corpus"
    shutil.copytree(ROOT / "corpus", folder, ignore=shutil.ignore_patterns("gates"))
    (folder / "gates").mkdir()
    monkeypatch.setenv("QUOTEWELL_CORPUS_DIR", str(folder))
    monkeypatch.setenv("QUOTEWELL_DATABASE_URL", "")
    return folder


def write(corpus: Path, name: str, text: str) -> None:
    (corpus / "gates" / name).write_text(text, encoding="utf-8")


def found() -> list[Finding]:
    """What `check` says of the gates."""
    (group,) = [g for title, g in examine(None, date(2026, 11, 22)) if title == "Gates"]
    return group


def texts(level: str) -> list[str]:
    return [f.text for f in found() if f.level == level]


class TestExamples:
    def test_a_rule_that_keeps_them_is_sound(self, corpus: Path) -> None:
        write(corpus, "personal-children.toml", ADDED.format(catches="", passes=""))
        assert texts("wrong") == []
        assert "all 2 examples of theirs do what the rules say" in texts("good")
        assert "every packaged example is still caught" in texts("good")

    def test_one_that_is_not_caught_fails_with_rule_example_found_and_expected(
        self, corpus: Path
    ) -> None:
        added = ADDED.format(catches='"how much should I take"', passes="")
        write(corpus, "personal-children.toml", added)
        (told,) = texts("wrong")
        assert told.startswith("personal-children.toml: rule personal.children: “how much should")
        assert "found: caught by dosing.how-much" in told
        assert told.endswith("expected: caught by personal.children")

    def test_nothing_found_is_said_so(self, corpus: Path) -> None:
        added = ADDED.format(catches='"where can I park"', passes="")
        write(corpus, "personal-children.toml", added)
        assert "“where can I park”: found: not caught; expected: caught by" in texts("wrong")[0]

    def test_one_that_has_to_pass_and_does_not_fails(self, corpus: Path) -> None:
        added = ADDED.format(catches="", passes='"what is b12 for a toddler"')
        write(corpus, "personal-children.toml", added)
        (told,) = texts("wrong")
        assert told.endswith(
            "found: caught by personal.children; expected: not caught by personal.children"
        )

    def test_those_for_sentences_of_a_guide_are_tried_as_such(self, corpus: Path) -> None:
        rule = (
            '[[rule]]\nid = "withheld.ours"\nall = ["guide_shot"]\n'
            'catches = ["The price is fair."]\npasses = ["It costs nothing."]\n'
        )
        write(corpus, "withheld-ours.toml", rule)
        assert len(texts("wrong")) == 1
        assert "“The price is fair.”: found: not caught" in texts("wrong")[0]

    def test_a_rule_without_examples_is_worth_a_look(self, corpus: Path) -> None:
        write(corpus, "personal-x.toml", '[[rule]]\nid = "personal.x"\nall = ["child"]\n')
        assert "personal-x.toml: rule personal.x: no catches and no passes to try it on" in texts(
            "look"
        )

    def test_the_subject_of_any_guide_of_the_clinic_counts(self, corpus: Path) -> None:
        iron = corpus / "iron"
        iron.mkdir()
        (iron / "guide.md").write_text("# Iron\n\nIron helps.\n", encoding="utf-8")
        (iron / "lexicon.toml").write_text('subject = ["iron"]\n', encoding="utf-8")
        added = ADDED.format(catches='"iron for my toddler"', passes="")
        write(corpus, "personal-children.toml", added)
        assert texts("wrong") == []


class TestLoosening:
    def test_one_that_nobody_signed_fails_and_names_the_example(self) -> None:
        found = unsigned(NARROWED)
        wrong = [f.text for f in found if f.level == "wrong"]
        lost = losses(load_gates(), in_force(NARROWED, signed=False))
        assert len(wrong) == len(lost) > 0
        assert f"packaged rule {lost[0].rule_id}: “{lost[0].example}”: found: " in wrong[0]
        assert "expected: caught by the dosing gate; an unsigned rule loosens it" in wrong[0]
        assert not any(f.level == "look" and "loosened" in f.text for f in found)

    def test_a_signed_replacement_shows_what_it_loses(self, corpus: Path) -> None:
        write(corpus, "dosing-ours.toml", NARROWED.format(more="signed_on = 2026-11-20"))
        assert texts("wrong") == []
        told = " ".join(texts("look"))
        assert "packaged rule dosing.how-much: “how much are people given”" in told
        assert "loosened, signed by Dr Example on 2026-11-20 (dosing.how-much)" in told

    def test_a_signature_covers_its_own_rule_only(self) -> None:
        gates = in_force(NARROWED, signed=True).with_own(in_force(OTHER, signed=False).own)
        found = list(own_rules(gates, []))
        signed = [f.about["rule"] for f in found if "loosened, signed by Dr" in f.text]
        wrong = [f.about["rule"] for f in found if f.level == "wrong"]
        assert set(signed) == {"dosing.how-much"}
        assert set(wrong) == {"dosing.site-bare"}

    def test_a_signature_without_a_day_is_worth_a_look(self, corpus: Path) -> None:
        write(corpus, "dosing-ours.toml", NARROWED.format(more=""))
        assert any("signed without a day; add signed_on" in t for t in texts("look"))

    def test_look_alikes_that_are_now_caught_are_counted(self, corpus: Path) -> None:
        added = '[[rule]]\nid = "dosing.x"\nall = ["shot"]\ncatches = ["what is a shot"]\n'
        write(corpus, "dosing-x.toml", added)
        assert any("look-alikes that used to pass are now caught" in t for t in texts("look"))

    def test_the_packaged_rules_lose_nothing_to_themselves(self) -> None:
        assert losses(real_gates(), real_gates()) == []

    def test_a_rule_for_guides_that_loosens_shows(self, corpus: Path) -> None:
        rule = (
            '[[rule]]\nid = "withheld.technique"\nall = ["guide_technique", "unit"]\n'
            'signed_by = "Dr Example"\nsigned_on = 2026-11-20\n'
        )
        write(corpus, "withheld-ours.toml", rule)
        assert any("“Draw up the solution.”: found: not caught" in t for t in texts("look"))


class TestSignatures:
    @pytest.mark.parametrize("more", ['signed_by = ""', "signed_by = 1", 'signed_on = "soon"'])
    def test_a_signature_that_is_none_stops_the_start(self, corpus: Path, more: str) -> None:
        write(corpus, "personal-ours.toml", UNSIGNED.format(more=more))
        with pytest.raises(SettingsError, match="signed_"):
            load_gates(corpus)

    @pytest.mark.parametrize("text", ["", '[[rules]]\nid = "dosing.x"\n', "rule = 3\n"])
    def test_a_file_without_a_rule_would_have_no_effect_and_stops_the_start(
        self, corpus: Path, text: str
    ) -> None:
        write(corpus, "dosing-x.toml", text)
        with pytest.raises(SettingsError, match=r"expected \[\[rule\]\] alone"):
            load_gates(corpus)

    def test_they_are_kept_with_the_policy_and_listed(self, corpus: Path) -> None:
        write(corpus, "dosing-ours.toml", NARROWED.format(more="signed_on = 2026-11-20"))
        policy = open_bot(load_settings()).policy
        assert [(o.rule_id, o.replaces, o.rule.signature) for o in policy.gates.own] == [
            ("dosing.how-much", True, "Dr Example on 2026-11-20")
        ]
        told = "replaces a reviewed rule, signed by Dr Example on 2026-11-20"
        assert f"dosing-ours.toml: rule dosing.how-much: {told}" in texts("note")


class TestVersion:
    def test_the_reply_carries_the_version_that_check_shows(self, corpus: Path) -> None:
        def reply_version() -> str:
            turn = Turn("r", NOON, text="what is it for")
            return open_bot(load_settings()).ask(turn, Visit(VISIT))[0].policy_version

        before = reply_version()
        write(corpus, "personal-children.toml", ADDED.format(catches="", passes=""))
        after = reply_version()
        assert before != after
        (shown,) = [f.about for f in found() if f.about.get("kind") == "policy"]
        assert shown["version"] == after
        assert str(shown["sha256"]).startswith(after)
        assert len(str(shown["sha256"])) == 64

    def test_the_server_logs_it_with_hash_and_signatures(
        self, corpus: Path, tmp_path: Path
    ) -> None:
        write(corpus, "dosing-ours.toml", NARROWED.format(more="signed_on = 2026-11-20"))
        with served(tmp_path, QUOTEWELL_CORPUS_DIR=str(corpus)) as server:
            reply = httpx2.post(f"{server.url}v1/ask", json={"question": "what is it for"}).json()
            lines = [json.loads(line) for line in server.lines if line.startswith("{")]
        (line,) = [entry for entry in lines if entry["event"] == "policy"]
        assert line["version"] == reply["policy_version"]
        assert line["sha256"].startswith(line["version"])
        assert line["own_rules"] == 1
        assert line["signed"] == "dosing.how-much by Dr Example on 2026-11-20"
