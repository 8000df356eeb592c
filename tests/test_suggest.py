"""Proposals from open questions: what is kept, how it is grouped, and that pasting it works."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from bot.analysis import words_of
from bot.answer import Bot, ReadyGuide
from bot.cli import main
from bot.errors import PayloadError
from bot.guide import load_guide, problems
from bot.proposals import ask_all, propose, sheet
from bot.proposals.clusters import cluster, weigh
from bot.proposals.for_absent import find_missing
from bot.proposals.for_lexicon import find_entries
from bot.proposals.for_questions import find_wordings
from bot.proposals.model import Entry, Missing, Proposals, Wordings, n_messages
from bot.proposals.unanswered import Heard, say
from bot.query import Query
from bot.records import Reply
from tests.core_help import GUIDE, ROOT, real_bot, small_guide

LACKING = ("vuvuzela ok?", "can i play the vuvuzela with it", "is the vuvuzela bad with b12")
# What a gate catches, alone or beside a question that the guide leaves open.
CAUGHT = (
    "how much b12 should I inject each week",
    "i want to die",
    "my chest hurts and i cannot breathe",
    "I took ten by mistake, what now",
    "should I stop my vuvuzela injections since I am pregnant",
    "vuvuzela ok? and how many mcg do i take",
)
PRIVATE = (
    "vuvuzela question 020 7946 0123",
    "vuvuzela question jane@example.org",
    "vuvuzela question born 12/05/1980",
    "vuvuzela question https://example.org/jane",
)


def hear(bot: Bot, questions: Iterable[str]) -> Heard:
    """What is left open of some questions to the real guide."""
    return ask_all(questions, bot.guide(), bot.policy)


def proposals_for(bot: Bot, questions: Iterable[str], least: int = 2) -> Proposals:
    """The proposals that these questions give for the real guide."""
    return propose(hear(bot, questions), bot.guide(), bot.policy, least)


def sheet_for(bot: Bot, questions: Iterable[str]) -> str:
    """The whole sheet that these questions give for the real guide."""
    heard = hear(bot, questions)
    return sheet(heard, propose(heard, bot.guide(), bot.policy), bot.guide().guide)


@cache
def near() -> tuple[str, ...]:
    """Questions of the eval suite that the real bot asks back about, however good it is today."""
    lines = (ROOT / "eval" / "questions" / f"{GUIDE.name}.jsonl").read_text("utf-8").splitlines()
    turns = [json.loads(line)["turns"] for line in lines]
    heard = hear(real_bot(), (said[0] for said in turns if len(said) == 1))
    found = [u.text for u in heard.open if u.near and u.wording == u.text]
    assert len(found) > 1
    return tuple(found[:6])


@cache
def odd_word() -> tuple[str, ...]:
    """Curated questions of one passage that a word which nobody knows has left open."""
    bot = real_bot()
    by_passage: dict[str, list[str]] = {}
    for question in bot.guide().guide.questions:
        if len(question.text.split()) <= 4:
            by_passage.setdefault(question.passage_id, []).append(question.text)
    found: list[str] = []
    for passage_id, texts in by_passage.items():
        open_ = {u.text for u in hear(bot, (f"{text} zorv" for text in texts)).open}
        broken = [text for text in texts if f"{text} zorv" in open_]
        replies = ((text, say(text, bot.guide(), bot.policy)) for text in broken)
        mended = [t for t, r in replies if passage_id in {e.passage_id for e in r.excerpts}]
        found = max(found, mended, key=len)
    assert len(found) > 1
    return tuple(f"{text} zorv" for text in found[:4])


@cache
def other_number() -> tuple[str, str]:
    """A phrase of an absent topic in the plural, which no topic holds, and its topic's id."""
    for topic in real_bot().guide().guide.absent:
        for text in topic.words:
            plural = f"{text}s"
            if len(words_of(text)) == 2 and text[-1] in "dknt" and hear(real_bot(), [plural]).open:
                return plural, topic.topic_id
    raise AssertionError("every phrase stands there in both numbers")


def everything() -> list[str]:
    """Open questions that call for each kind of proposal."""
    return [*near(), *odd_word(), *LACKING, other_number()[0]]


@cache
def whole() -> tuple[Proposals, str]:
    """The proposals for all of these, and their sheet; made once, a guide is built three times."""
    heard = hear(real_bot(), [*everything(), *CAUGHT, *PRIVATE])
    ready = real_bot().guide()
    made = propose(heard, ready, real_bot().policy)
    return made, sheet(heard, made, ready.guide)


def part(text: str, file: str) -> str:
    """What stands on a sheet for one file."""
    found = re.search(rf"^# FOR {re.escape(file)}\n(.*?)(?=^# ====|\Z)", text, re.M | re.S)
    return found[1] if found else ""


def settings_for(corpus: Path) -> dict[str, str]:
    """The environment of a command that looks into this corpus and keeps nothing."""
    kept = {name: value for name, value in os.environ.items() if "QUOTEWELL" not in name}
    return {**kept, "QUOTEWELL_CORPUS_DIR": str(corpus), "PYTHONPATH": str(ROOT)}


class TestWhatIsKept:
    def test_what_the_guide_left_open_is_kept_in_order(self, real: Bot) -> None:
        assert [u.text for u in hear(real, LACKING).open] == list(LACKING)

    @pytest.mark.parametrize("question", CAUGHT)
    def test_what_a_gate_caught_is_counted_only(self, real: Bot, question: str) -> None:
        heard = hear(real, [question])
        assert heard.open == ()
        assert heard.fates == {"gates": 1}
        assert question not in whole()[1]

    def test_a_gate_in_another_clause_is_enough(self, real: Bot) -> None:
        long = " ".join(["we went to the seaside and it rained all day long"] * 4)
        question = f"i inject 5 ml every day. {long}. do you like vuvuzela"
        assert hear(real, [question]).fates == {"gates": 1}

    def test_the_others_are_counted_by_what_became_of_them(self, real: Bot) -> None:
        questions = ["what are allergic reactions?", "hello", "how much does it cost", "b12", "¿?"]
        heard = hear(real, [*questions, "what about zorv, write to jane@example.org"])
        assert heard.fates == {
            "answered": 1,
            "smalltalk": 1,
            "known": 1,
            "vague": 1,
            "unclear": 1,
            "private": 1,
        }
        assert heard.topics == {"cost": 1}

    @pytest.mark.parametrize("question", PRIVATE)
    def test_what_looks_private_is_counted_only(self, real: Bot, question: str) -> None:
        heard = hear(real, [question])
        assert (heard.open, heard.fates) == ((), {"private": 1})
        assert question not in whole()[1]

    def test_the_same_question_is_one_and_counted(self, real: Bot) -> None:
        heard = hear(real, ["Vuvuzela ok?", "vuvuzela  OK", "vuvuzela ok"])
        assert (heard.n_asked, heard.n_different) == (3, 1)
        assert [(u.text, u.count) for u in heard.open] == [("Vuvuzela ok?", 3)]

    def test_a_paused_bot_still_learns(self, real: Bot) -> None:
        heard = ask_all(LACKING, real.guide(), replace(real.policy, paused=True))
        assert len(heard.open) == len(LACKING)

    def test_a_story_gives_the_clause_that_asks(self, real: Bot) -> None:
        story = (
            "My neighbour Fred came on the bus and sat by the window. Is the vuvuzela ok with it? "
            "It rained a lot on the way home and all of us got very wet."
        )
        (kept,) = hear(real, [story]).open
        assert kept.text == story
        assert kept.wording == "Is the vuvuzela ok with it"

    def test_a_long_story_that_asks_nothing_gives_no_wording(self, real: Bot) -> None:
        story = " ".join(["the zorv of my neighbour went to the seaside on a rainy bus"] * 4)
        assert [u.wording for u in hear(real, [story]).open] == [""]


class TestClusters:
    def test_means_are_taken_over_all_members(self) -> None:
        # cos(a, b) = 0.8, cos(b, c) = 0.6, cos(a, c) = 0; with a and b one, c is at 0.3.
        a, b, c = {"x": 1.0}, {"x": 0.8, "y": 0.6}, {"y": 1.0}
        assert cluster([a, b, c], 0.5) == [(0, 1), (2,)]
        assert cluster([a, b, c], 0.29) == [(0, 1, 2)]

    def test_nothing_shared_stays_alone(self) -> None:
        assert cluster([{"x": 1.0}, {}, {"y": 1.0}, {}]) == [(0,), (1,), (2,), (3,)]

    @pytest.mark.parametrize("seed", range(20))
    def test_agrees_with_the_plain_algorithm(self, seed: int) -> None:
        chance = random.Random(seed)
        vectors = [_random_unit(chance) for _ in range(12)]
        assert cluster(vectors, 0.4) == _plain_clusters(vectors, 0.4)

    def test_the_lexicon_makes_unlike_words_alike(self, ready: ReadyGuide) -> None:
        jab, injection, cost = (
            _weighed(ready, text) for text in ("jab bruise", "injection bruise", "voucher price")
        )
        vectors = weigh([jab, injection, cost], ready.indexed)
        assert cluster(vectors) == [(0, 1), (2,)]

    def test_a_vector_has_length_one_and_no_subject(self, ready: ReadyGuide) -> None:
        subject, odd = weigh([_weighed(ready, t) for t in ("b12", "b12 zorv")], ready.indexed)
        assert subject == {}
        assert odd == {"zorv": 1.0}


class TestProposals:
    def test_each_kind_is_proposed(self) -> None:
        made, _ = whole()
        assert made.wordings
        assert [entry.say for entry in made.entries] == [("zorv",)]
        ids = {topic.topic_id for topic in made.missing}
        assert {"vuvuzela", "zorv", f"{other_number()[1]}-2"} == ids

    def test_all_of_them_do_something(self) -> None:
        made, _ = whole()
        every: tuple[Wordings | Entry | Missing, ...] = (*made.wordings, *made.entries)
        for proposal in (*every, *made.missing):
            assert 0 < proposal.works <= n_messages(proposal.members)

    def test_an_entry_means_words_of_the_passage(self, real: Bot) -> None:
        (entry,) = whole()[0].entries
        passage = real.guide().guide.passage(entry.passage_id)
        text = f"{passage.section} {passage.text}".lower()
        assert entry.means
        assert all(word in text for word in entry.means)

    def test_a_word_that_was_asked_once_is_left(self, real: Bot) -> None:
        made = proposals_for(real, LACKING[:1])
        assert made.missing == ()
        assert [[u.text for u in members] for members in made.left] == [[LACKING[0]]]

    def test_least_is_how_many_must_have_asked(self, real: Bot) -> None:
        assert proposals_for(real, LACKING, least=3).missing
        assert not proposals_for(real, LACKING, least=4).missing

    def test_the_same_message_again_counts_again(self, real: Bot) -> None:
        assert proposals_for(real, [LACKING[0]] * 2).missing

    @pytest.mark.parametrize("word", ["pregnant", "overdose", "warfarin", "ozempic"])
    def test_no_entry_for_a_word_of_the_gates_or_of_another_medicine(
        self, real: Bot, word: str
    ) -> None:
        said = [question.replace("zorv", word) for question in odd_word()]
        heard = hear(real, [*said, *odd_word()])
        entries = find_entries(heard.open, real.guide(), real.policy, 1)
        assert [entry.say for entry in entries] == [("zorv",)]

    def test_wordings_name_no_other_medicine(self, real: Bot) -> None:
        kept = hear(real, [f"{question} ozempic" for question in near()]).open
        assert hear(real, near()).open
        assert find_wordings([kept], real.guide(), 1) == []

    def test_a_known_topic_in_the_other_number_is_told_as_such(self, real: Bot) -> None:
        plural, topic_id = other_number()
        (topic,) = proposals_for(real, [plural]).missing
        assert (topic.known_as, topic.topic_id) == (topic_id, f"{topic_id}-2")
        assert topic.words == (" ".join(words_of(plural)),)

    def test_a_pair_is_named_where_its_word_alone_says_little(
        self, real: Bot, small: ReadyGuide
    ) -> None:
        questions = ["is there a polar bear", "are polar bears near", "where do polar bears live"]
        heard = ask_all(questions, small, real.policy)
        (topic,) = propose(heard, small, real.policy).missing
        assert topic.name == "polar bears"
        assert topic.words == ("polar bears", "polar bear")

    def test_nothing_asked_gives_nothing(self, real: Bot) -> None:
        assert proposals_for(real, []) == Proposals()

    def test_the_order_of_equal_runs_is_the_same(self, real: Bot) -> None:
        assert sheet_for(real, LACKING) == sheet_for(real, LACKING)

    def test_a_bare_guide_gets_proposals_too(self, real: Bot, tmp_path: Path) -> None:
        ready = small_guide(tmp_path)
        heard = ask_all(LACKING, ready, real.policy)
        assert [t.name for t in propose(heard, ready, real.policy).missing] == ["vuvuzela"]

    def test_an_id_is_free(self, real: Bot) -> None:
        ready = real.guide()
        heard = hear(real, LACKING)
        first = find_missing([heard.open], ready, 2)[0]
        assert first.topic_id not in {topic.topic_id for topic in ready.guide.absent}


class TestPasting:
    """Each kind, pasted into copies of the real files as the sheet has it, does what it says."""

    @pytest.fixture(scope="class")
    @staticmethod
    def text() -> str:
        return whole()[1]

    @pytest.fixture
    @staticmethod
    def folder(tmp_path: Path) -> Path:
        return Path(shutil.copytree(GUIDE, tmp_path / GUIDE.name))

    @staticmethod
    def pasted(folder: Path, file: str, text: str, bot: Bot) -> ReadyGuide:
        from bot.answer.load import make_ready

        with (folder / file).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{part(text, file)}")
        assert problems(folder) == []
        return make_ready(load_guide(folder), bot.policy.gates)

    def test_wordings_are_answered_from_their_passage(
        self, real: Bot, text: str, folder: Path
    ) -> None:
        ready = self.pasted(folder, "questions.toml", text, real)
        tables = tomllib.loads(part(text, "questions.toml"))["section"]
        for table in tables:
            replies = [say(question, ready, real.policy) for question in table["ask"]]
            assert all(say(q, real.guide(), real.policy).outcome != "answer" for q in table["ask"])
            quoted = [{e.passage_id for e in reply.excerpts} for reply in replies]
            assert any(table["passage_id"] in ids for ids in quoted)
        assert tables

    def test_an_entry_lets_its_questions_be_answered(
        self, real: Bot, text: str, folder: Path
    ) -> None:
        ready = self.pasted(folder, "lexicon.toml", text, real)
        assert "answer" not in [say(q, real.guide(), real.policy).outcome for q in odd_word()]
        assert "answer" in [say(q, ready, real.policy).outcome for q in odd_word()]

    def test_a_topic_is_named_as_not_covered(self, real: Bot, text: str, folder: Path) -> None:
        ready = self.pasted(folder, "absent.toml", text, real)
        for question in LACKING:
            assert say(question, real.guide(), real.policy).reason == "silent"
            reply = say(question, ready, real.policy)
            assert (reply.outcome, reply.reason) == ("not_covered", "vuvuzela")
            assert "vuvuzela" in reply.text

    @pytest.mark.parametrize("file", ["questions.toml", "lexicon.toml", "absent.toml"])
    def test_what_it_says_of_the_copy_holds_of_the_pasted_files(
        self, real: Bot, text: str, folder: Path, file: str
    ) -> None:
        ready = self.pasted(folder, file, text, real)
        made, _ = whole()
        every: tuple[Wordings | Entry | Missing, ...] = made.missing
        if file != "absent.toml":
            every = made.entries if file == "lexicon.toml" else made.wordings
        assert every
        for proposal in every:
            works = sum(_works(proposal, say(u.text, ready, real.policy)) for u in proposal.members)
            n = n_messages(proposal.members)
            assert works == proposal.works
            assert f"Tried on a copy: {works} of {n} " in part(text, file)

    def test_pasted_and_asked_again_nothing_is_proposed(
        self, real: Bot, text: str, folder: Path
    ) -> None:
        ready = self.pasted(folder, "absent.toml", text, real)
        questions = [*LACKING, other_number()[0]]
        heard = ask_all(questions, ready, real.policy)
        assert propose(heard, ready, real.policy).missing == ()
        assert heard.fates == {"known": len(questions)}


class TestSheet:
    def test_it_says_that_a_person_decides(self) -> None:
        head = whole()[1].split("\n\n")[0]
        assert "NOTHING HAS BEEN CHANGED" in head
        assert "a person decides" in head

    def test_each_proposal_has_its_questions_and_their_number(self) -> None:
        text = part(whole()[1], "absent.toml")
        (block,) = (b for b in text.split("\n\n") if 'with "vuvuzela"' in b)
        assert "3 questions" in block
        assert "Tried on a copy: 3 of 3" in block
        for question in LACKING:
            assert f"#    - {question}\n" in block

    def test_two_proposals_for_the_same_questions_name_each_other(self) -> None:
        text = whole()[1]
        assert re.search(r"Either this or \d+ \(absent\.toml\)", part(text, "lexicon.toml"))
        assert re.search(r"Either this or \d+ \(lexicon\.toml\)", part(text, "absent.toml"))

    def test_no_text_breaks_out_of_the_sheet(self, real: Bot) -> None:
        odd = ('"', "\\", "\x00\x1b[m", "\u202e", "\u2028", "\x7f\x85", "]]\r[[topic]]", "'''", "#")
        text = sheet_for(real, [f"{mark} {q} {mark}" for mark in odd for q in (*near(), *LACKING)])
        tables = tomllib.loads(text)
        assert set(tables) == {"section", "topic"}
        assert [topic["name"] for topic in tables["topic"]] == ["vuvuzela"]
        assert all(line.isprintable() for line in text.split("\n"))

    def test_without_open_questions_it_is_a_head_alone(self, real: Bot) -> None:
        text = sheet_for(real, ["hello"])
        assert text.startswith("# No proposals")
        assert tomllib.loads(text) == {}


class TestCommand:
    @pytest.fixture(autouse=True)
    def _corpus(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in [n for n in os.environ if n.startswith("QUOTEWELL_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("QUOTEWELL_CORPUS_DIR", str(ROOT / "corpus"))
        monkeypatch.chdir(tmp_path)

    @staticmethod
    def suggest(*args: str) -> int:
        with pytest.raises(SystemExit) as leaving:
            main(["suggest", *args])
        assert isinstance(leaving.value.code, int)
        return leaving.value.code

    def test_prints_the_proposals(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "q.txt").write_text("\n".join(everything()), encoding="utf-8")
        assert self.suggest("--from", "q.txt") == 0
        printed, errors = capsys.readouterr()
        assert set(tomllib.loads(printed)) == {"section", "entry", "topic"}
        assert errors == ""

    def test_blank_lines_and_notes_are_passed_over(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = ["\ufeff# from the desk", "", *LACKING, "   ", "  # more"]
        (tmp_path / "q.txt").write_bytes("\r\n".join(lines).encode())
        assert self.suggest("--from", "q.txt") == 0
        assert "# 3 questions, 3 different:" in capsys.readouterr().out

    def test_writes_a_new_file_for_its_owner_alone(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "q.txt").write_text("\n".join(LACKING))
        assert self.suggest("--from", "q.txt", "--out", "new.toml") == 0
        written = tmp_path / "new.toml"
        assert "vuvuzela" in written.read_text(encoding="utf-8")
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        assert "vuvuzela" not in capsys.readouterr().out

    def test_never_writes_over_a_file(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "q.txt").write_text("\n".join(LACKING))
        (tmp_path / "questions.toml").write_text("mine")
        assert self.suggest("--from", "q.txt", "--out", "questions.toml") == 2
        assert "exists already" in capsys.readouterr().err
        assert (tmp_path / "questions.toml").read_text() == "mine"

    def test_a_folder_that_is_not_there_cannot_be_written_to(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "q.txt").write_text("\n".join(LACKING))
        assert self.suggest("--from", "q.txt", "--out", "no/new.toml") == 2
        assert "no such folder" in capsys.readouterr().err

    def test_reads_standard_input_for_another_guide(self, tmp_path: Path) -> None:
        leaflet = tmp_path / "leaflet.md"
        leaflet.write_text("# Ear syringing\n\n## Afterwards\n\nKeep the ear dry for a day.\n")
        done = subprocess.run(
            [sys.executable, "-m", "bot", "suggest", "--from", "-", "--guide", str(leaflet)],
            input="\n".join(LACKING).encode(),
            env=settings_for(ROOT / "corpus"),
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert tomllib.loads(done.stdout.decode())["topic"][0]["name"] == "vuvuzela"
        assert done.stderr == b""

    def test_changes_no_file_of_the_corpus(self, tmp_path: Path) -> None:
        (tmp_path / "q.txt").write_text("\n".join(LACKING))
        before = _hashes(ROOT / "corpus")
        assert self.suggest("--from", "q.txt", "--out", "new.toml") == 0
        assert _hashes(ROOT / "corpus") == before

    def test_logs_nothing_of_what_was_asked(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "q.txt").write_text("\n".join([*LACKING, *CAUGHT]))
        with caplog.at_level(logging.DEBUG):
            assert self.suggest("--from", "q.txt", "--out", "new.toml") == 0
        assert not [line for line in (*LACKING, *CAUGHT) if line in caplog.text]
        assert {record.message for record in caplog.records} <= {"policy"}

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "no questions"),
            (b"\n  \n# a note\n", "no questions"),
            (b"zebra\nzebra caf\xe9\n", "q.txt:2: not UTF-8 at byte 15"),
            ("zebra".encode("utf-16"), "UTF-16"),
            (b"zebra\0", "a binary file (NUL at byte 5)"),
            (b"ok\n" + b"zebra " * 2_000, "q.txt:2: a line of 12,000 characters"),
            (b"a question\n" * 2_000_000, "over 20,000,000 bytes"),
        ],
    )
    def test_bad_input_is_told_without_its_text(
        self, content: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "q.txt").write_bytes(content)
        assert self.suggest("--from", "q.txt") == 2
        printed, errors = capsys.readouterr()
        assert told in errors
        assert "expected" in errors
        assert printed == ""
        assert "zebra" not in errors

    @pytest.mark.parametrize(
        ("source", "told"), [("no.txt", "no such file"), (".", "a folder"), ("", "a folder")]
    )
    def test_what_is_no_file_is_told(
        self, source: str, told: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.suggest("--from", source) == 2
        assert told in capsys.readouterr().err

    def test_an_empty_standard_input_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from bot.cli.suggest import read_questions

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
        with pytest.raises(PayloadError, match="standard input: no questions"):
            read_questions("-")

    def test_the_file_must_be_named(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.suggest() == 2
        assert "--from" in capsys.readouterr().err


def _weighed(ready: ReadyGuide, text: str) -> tuple[Sequence[str], Query]:
    words = words_of(text)
    return words, ready.indexed.query(words)


def _works(proposal: Wordings | Entry | Missing, reply: Reply) -> bool:
    """Whether a reply is what the proposal is for."""
    if isinstance(proposal, Missing):
        return reply.reason == proposal.topic_id
    return proposal.passage_id in {excerpt.passage_id for excerpt in reply.excerpts}


def _hashes(folder: Path) -> dict[Path, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _random_unit(chance: random.Random) -> dict[str, float]:
    row = {term: chance.random() for term in chance.sample("abcdef", 2)}
    length = sum(weight**2 for weight in row.values()) ** 0.5
    return {term: weight / length for term, weight in row.items()}


def _plain_clusters(
    vectors: Sequence[Mapping[str, float]], likeness: float
) -> list[tuple[int, ...]]:
    """Group-average clustering by its definition: all pairs looked at before every merge."""

    def cosine(a: int, b: int) -> float:
        return sum(w * vectors[b].get(term, 0.0) for term, w in vectors[a].items())

    def mean(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> float:
        likenesses = [cosine(a, b) for a in pair[0] for b in pair[1]]
        return sum(likenesses) / len(likenesses)

    found: list[tuple[int, ...]] = [(n,) for n in range(len(vectors))]
    while len(found) > 1:
        best = max(combinations(found, 2), key=mean)
        if mean(best) < likeness:
            break
        found = [c for c in found if c not in best] + [tuple(sorted(best[0] + best[1]))]
    return sorted(found)
