"""The gates: what each rule catches and lets through, a clinic's own rules, and failing closed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar, NoReturn

import pytest

from bot.analysis import Clause, words_of
from bot.answer import Bot, ReadyGuide, open_bot
from bot.errors import SettingsError
from bot.gates import GATES, URGENT_GATES, Gates, load_gates
from bot.gates.features import NUMBER, SUBJECT, Features, Mark
from bot.gates.rules import Rule, fires, parse_rules
from bot.records import Turn, Visit
from bot.settings import load_settings
from tests.core_help import NOON, ROOT, VISIT, judge, real_gates

EN = frozenset({"en"})


class GateContract:
    """What every gate owes for every one of its rules; a gate's class names it."""

    gate: ClassVar[str]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for argument in ("catches", "passes"):
            if argument in metafunc.fixturenames:
                self._parametrise(metafunc, argument)

    def _parametrise(self, metafunc: pytest.Metafunc, argument: str) -> None:
        pairs = [(rule, text) for rule in self.rules() for text in getattr(rule, argument)]
        ids = [f"{rule.rule_id}: {text}" for rule, text in pairs]
        metafunc.parametrize(("rule", argument), pairs, ids=ids)

    def rules(self) -> list[Rule]:
        return [rule for rule in real_gates().rules if rule.gate == self.gate]

    def test_it_fires_on(self, rule: Rule, catches: str) -> None:
        after = min(rule.after, default=None)
        assert judge(catches, after).first(self.gate) is not None

    def test_the_rule_lets_through(self, rule: Rule, passes: str) -> None:
        fired = [f for f in judge(passes).fired if f.rule_id == rule.rule_id]
        assert fired == []

    def test_every_rule_has_examples_of_both_kinds_and_a_source(self) -> None:
        assert self.rules()
        for rule in self.rules():
            assert len(rule.catches) >= 5, rule.rule_id
            assert len(rule.passes) >= 5, rule.rule_id
            assert rule.source, rule.rule_id

    def test_rules_are_named_after_it_and_once_only(self) -> None:
        names = [rule.rule_id for rule in self.rules()]
        assert len(set(names)) == len(names)
        assert all(name.startswith(f"{self.gate}.") for name in names)

    def test_capitals_and_hidden_characters_do_not_get_past_it(self) -> None:
        for rule in self.rules():
            for text in rule.catches:
                if judge(text).first(self.gate):
                    hidden = "\u200b".join(text.upper())
                    assert judge(hidden).first(self.gate), text

    def test_it_looks_at_the_whole_of_a_long_message(self) -> None:
        story = "We had a nice time by the sea. " * 20
        rule = next(r for r in self.rules() if not r.after)
        caught = next(text for text in rule.catches if judge(text).first(self.gate))
        assert judge(f"{story}{caught}. {story}").first(self.gate) is not None


class TestCrisis(GateContract):
    gate = "crisis"


class TestEmergency(GateContract):
    gate = "emergency"


class TestOverdose(GateContract):
    gate = "overdose"


class TestDosing(GateContract):
    gate = "dosing"


class TestPersonal(GateContract):
    gate = "personal"


class TestSmallTalk(GateContract):
    gate = "smalltalk"


def test_every_gate_has_its_contract() -> None:
    assert {contract.gate for contract in GateContract.__subclasses__()} == set(GATES)


class TestWithheldSentences:
    def withholds(self, ready: ReadyGuide, text: str) -> bool:
        words = words_of(text)
        clause = Clause(words, ready.vocabulary.subject_ranges(words))
        return real_gates().withholds(clause) is not None

    @pytest.mark.parametrize("text", [t for r in real_gates().withheld for t in r.catches])
    def test_a_sentence_with_a_figure_or_a_technique_is_kept_back(
        self, ready: ReadyGuide, text: str
    ) -> None:
        assert self.withholds(ready, text)

    @pytest.mark.parametrize("text", [t for r in real_gates().withheld for t in r.passes])
    def test_another_sentence_is_not(self, ready: ReadyGuide, text: str) -> None:
        assert not self.withholds(ready, text)


class TestVerdict:
    def test_nothing_fires_on_nothing(self) -> None:
        verdict = judge("")
        assert verdict.fired == ()
        assert verdict.first("dosing") is None
        assert verdict.clauses("dosing") == frozenset()

    def test_all_urgent_gates_are_evaluated_in_their_order(self) -> None:
        verdict = judge("i want to die. i can't breathe. i took too many b12 tablets")
        assert all(verdict.first(gate) for gate in URGENT_GATES)
        order = [GATES.index(fired.gate) for fired in verdict.fired]
        assert order == sorted(order)

    def test_it_names_rule_words_and_clause(self) -> None:
        fired = judge("What are the benefits? How much should I take?").first("dosing")
        assert fired is not None
        assert fired.clause == 1
        assert {"how", "much"} <= set(fired.words)
        assert fired.rule_id in {rule.rule_id for rule in real_gates().rules}

    def test_a_corrected_reading_is_judged_too(self) -> None:
        assert judge("how much shoud i injecct").first("dosing")

    @pytest.mark.parametrize(
        "text",
        ["cuanta b12 debo tomar", "combien de b12 dois je prendre", "wie viel b12 soll ich nehmen"],
    )
    def test_dosing_is_known_in_other_languages(self, text: str) -> None:
        assert judge(text).first("dosing")

    @pytest.mark.parametrize(
        "text",
        [
            "no puedo respirar",
            "je ne peux pas respirer",
            "ich kann nicht atmen",
            "nao consigo respirar",
        ],
    )
    def test_an_emergency_is_known_in_other_languages(self, text: str) -> None:
        assert judge(text).first("emergency")


class TestWhoIsHurt:
    @pytest.mark.parametrize(
        "text",
        ["my partner beats me up", "my boyfriend beats me", "he beats me", "he hits me at home"],
    )
    def test_violence_is_a_crisis(self, text: str) -> None:
        assert judge(text).first("crisis")

    @pytest.mark.parametrize(
        "text", ["i never want to wake up", "i never want to wake up again", "i don't want to live"]
    )
    def test_a_negation_takes_nothing_from_despair(self, text: str) -> None:
        assert judge(text).first("crisis")


class TestFeatures:
    FEATURES = Features(
        {"act": {"en": ["take", "inject*"], "es": ["tomar"]}, "ask": {"en": ["how _ times"]}}
    )

    def mark(self, text: str, languages: frozenset[str] = EN) -> list[tuple[str, int, int]]:
        return [
            (m.feature, m.first, m.end) for m in self.FEATURES.mark(text.split(), languages, ())
        ]

    def test_a_word_ending_in_a_star_matches_beginnings(self) -> None:
        assert self.mark("injecting") == [("act", 0, 1)]

    def test_an_underscore_is_exactly_one_word(self) -> None:
        assert self.mark("how many times") == [("ask", 0, 3)]
        assert self.mark("how times") == []

    def test_only_the_languages_asked_for_count(self) -> None:
        assert self.mark("tomar take") == [("act", 1, 2)]
        assert self.mark("tomar take", frozenset({"es"})) == [("act", 0, 1)]

    def test_a_number_is_a_feature_but_not_within_a_name(self) -> None:
        found = self.mark("1000 b 12 type 2")
        assert [place for name, *place in found if name == NUMBER] == [[0, 1]]

    def test_the_subject_is_a_feature(self) -> None:
        found = self.FEATURES.mark(["iron", "5"], EN, [(0, 2)])
        assert found == [Mark(SUBJECT, 0, 2)]

    def test_words_of_english_phrases_are_correction_targets(self) -> None:
        assert self.FEATURES.words == {"take", "how", "times"}


class TestRules:
    KNOWN = frozenset({"a", "b", "c", "d"})

    def fires_on(self, text: str, last: str | None = None, **table: object) -> bool:
        (rule,) = parse_rules("dosing", {"rule": [{"id": "x", **table}]}, self.KNOWN, "x.toml")
        words = tuple(text.split())
        marks: dict[str, list[Mark]] = {}
        for i, word in enumerate(words):
            marks.setdefault(word, []).append(Mark(word, i, i + 1))
        return fires(rule, words, marks, last) is not None

    def test_all_features_have_to_stand_near_each_other(self) -> None:
        assert self.fires_on("a x x b", all=["a", "b"], within=2)
        assert self.fires_on("b x x a", all=["a", "b"], within=2)
        assert not self.fires_on("a x x x b", all=["a", "b"], within=2)
        assert not self.fires_on("a", all=["a", "b"])

    def test_either_of_two(self) -> None:
        assert self.fires_on("c", all=["a|c"])
        assert not self.fires_on("b", all=["a|c"])

    def test_one_of_any_is_enough(self) -> None:
        assert self.fires_on("a c", all=["a"], any=["b", "c"])
        assert not self.fires_on("a", all=["a"], any=["b", "c"])

    def test_none_forbids(self) -> None:
        assert not self.fires_on("a x x x x x x x x x x x x d", all=["a"], none=["d"])

    def test_it_may_hold_only_after_an_outcome(self) -> None:
        assert self.fires_on("a", "dosing_refusal", all=["a"], after=["dosing_refusal"])
        assert not self.fires_on("a", "answer", all=["a"], after=["dosing_refusal"])
        assert not self.fires_on("a", None, all=["a"], after=["dosing_refusal"])

    def test_it_may_hold_only_in_short_messages(self) -> None:
        assert self.fires_on("a x", all=["a"], max_words=2)
        assert not self.fires_on("a x x", all=["a"], max_words=2)


OWN = """
[[rule]]
id = "{rule_id}"
all = {all}
catches = ["is the parking free"]
{more}
"""


def own_rules(
    folder: Path,
    rule_id: str,
    all_of: str = '["how_much"]',
    more: str = "",
    name: str = "dosing-ours",
) -> Path:
    """A corpus folder with one rule of the clinic's own."""
    (folder / "gates").mkdir(exist_ok=True)
    text = OWN.format(rule_id=rule_id, all=all_of, more=more)
    (folder / "gates" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


class TestOwnRules:
    def test_they_are_added(self, tmp_path: Path) -> None:
        gates = load_gates(own_rules(tmp_path, "dosing.ours"))
        assert {r.rule_id for r in gates.rules} - {r.rule_id for r in real_gates().rules} == {
            "dosing.ours"
        }
        fired = judge("how much fun is it", gates=gates).by_gate["dosing"]
        assert "dosing.ours" in {f.rule_id for f in fired}

    def test_they_change_the_version(self, tmp_path: Path) -> None:
        assert load_gates(own_rules(tmp_path, "dosing.ours")).sha256 != real_gates().sha256

    def test_without_a_folder_the_packaged_ones_hold(self, tmp_path: Path) -> None:
        assert load_gates(tmp_path).rules == real_gates().rules

    def test_replacing_a_reviewed_rule_needs_a_signature(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"dosing\.how-much.*without signed_by"):
            load_gates(own_rules(tmp_path, "dosing.how-much"))

    def test_a_signed_replacement_counts(self, tmp_path: Path) -> None:
        gates = load_gates(own_rules(tmp_path, "dosing.how-much", more='signed_by = "Dr Example"'))
        (rule,) = [r for r in gates.rules if r.rule_id == "dosing.how-much"]
        assert rule.all == (frozenset({"how_much"}),)
        assert len(gates.rules) == len(real_gates().rules)

    def test_an_unknown_feature_names_file_and_rule(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="unknown feature 'hwo_much'") as caught:
            load_gates(own_rules(tmp_path, "dosing.ours", '["hwo_much"]'))
        assert caught.value.where.endswith("dosing-ours.toml: rule dosing.ours")

    def test_an_unknown_key_names_file_and_rule(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="unknown key 'nearby'") as caught:
            load_gates(own_rules(tmp_path, "dosing.ours", more="nearby = 3"))
        assert caught.value.where.endswith("dosing-ours.toml: rule dosing.ours")

    @pytest.mark.parametrize(
        ("all_of", "more"),
        [
            ('"how_much"', ""),
            ("[1]", ""),
            ('["how_much"]', 'none = "decide"'),
            ('["how_much"]', "within = -1"),
            ('["how_much"]', 'within = "3"'),
            ("[]", ""),
        ],
    )
    def test_a_wrong_type_names_the_rule(self, tmp_path: Path, all_of: str, more: str) -> None:
        with pytest.raises(SettingsError, match=r"rule dosing\.ours"):
            load_gates(own_rules(tmp_path, "dosing.ours", all_of, more))

    def test_a_rule_needs_an_id(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="without id"):
            load_gates(own_rules(tmp_path, ""))

    def test_a_file_is_named_after_a_gate(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="no gate of that name; expected one of crisis"):
            load_gates(own_rules(tmp_path, "x.ours", name="parking"))

    @pytest.mark.parametrize("content", [b"[[rule", b"\xff\xfe\x00"])
    def test_a_broken_file_names_itself(self, tmp_path: Path, content: bytes) -> None:
        folder = own_rules(tmp_path, "dosing.ours")
        (folder / "gates" / "dosing-ours.toml").write_bytes(content)
        with pytest.raises(SettingsError, match="dosing-ours.toml: not TOML".replace(".", r"\.")):
            load_gates(folder)


class TestFailingClosed:
    def test_the_bot_does_not_open_with_a_broken_rule(self, tmp_path: Path) -> None:
        guide = tmp_path / "iron"
        guide.mkdir()
        (guide / "guide.md").write_text("# Iron\n\nIt helps.\n", encoding="utf-8")
        settings = load_settings({}, {"corpus_dir": str(tmp_path), "database_url": ""})
        assert open_bot(settings).guides.keys() == {"iron"}
        own_rules(tmp_path, "dosing.ours", '["no_such_feature"]')
        with pytest.raises(SettingsError, match="no_such_feature"):
            open_bot(settings)

    def test_a_gate_that_raises_gives_the_emergency_number_and_no_answer(
        self, real: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(*_: object) -> NoReturn:
            raise RuntimeError("what are the side effects zyzzogeton")

        monkeypatch.setattr(Gates, "judge", fail)
        turn = Turn("r", NOON, text="what are the side effects zyzzogeton")
        reply, visit = real.ask(turn, Visit(VISIT))
        assert (reply.outcome, reply.reason) == ("unintelligible", "fault")
        assert not reply.excerpts
        assert not reply.suggestions
        assert reply.card is not None
        emergency = {n.number for n in reply.card.numbers if n.kind == "emergency"}
        assert emergency
        assert all(number in reply.text for number in emergency)
        assert visit.turn == 1
        assert "RuntimeError" in caplog.text
        assert "zyzzogeton" not in caplog.text + reply.text

    def test_a_gate_that_raises_fails_closed_on_an_emergency_too(self, real: Bot) -> None:
        class Broken(Features):
            def mark(self, *_: object) -> NoReturn:
                raise KeyError("feature")

        gates = dataclasses.replace(real.policy.gates, features=Broken({}))
        bot = dataclasses.replace(real, policy=dataclasses.replace(real.policy, gates=gates))
        reply, _ = bot.ask(Turn("r", NOON, text="i can't breathe"), Visit(VISIT))
        assert reply.reason == "fault"
        assert reply.excerpts == ()


def test_the_corpus_s_own_rules_can_be_read() -> None:
    assert load_gates(ROOT / "corpus").rules
