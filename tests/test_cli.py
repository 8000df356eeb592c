"""The command line: what is printed where, exit codes, and what bad input gets."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot import __version__
from bot.answer import Bot, open_bot
from bot.answer.kept import cache_folder
from bot.cli import batch, main
from bot.cli.chat import talk
from bot.cli.check import examine
from bot.cli.conversation import Conversation, clean, mint_id
from bot.cli.render import lines_of, reply_view
from bot.records import OUTCOMES, Card, Excerpt, Number, Reply, Suggestion
from bot.settings import load_settings

ROOT = Path(__file__).parent.parent
GUIDE_ID = "vitamin-b12-injection"
# Stands for what a patient typed: it may appear nowhere but in the question itself.
PRIVATE = "my zebra is pregnant"


@pytest.fixture(scope="module")
def bot() -> Bot:
    return open_bot(
        load_settings({"QUOTEWELL_CORPUS_DIR": str(ROOT / "corpus")}), cache=cache_folder()
    )


@pytest.fixture(autouse=True)
def _fresh_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in os.environ if n.startswith("QUOTEWELL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("QUOTEWELL_CORPUS_DIR", str(ROOT / "corpus"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def run(args: Sequence[str]) -> int:
    """Run one command in this process; its exit code."""
    with pytest.raises(SystemExit) as leaving:
        main(args)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def quotewell(*args: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a shell does."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *args],
        input=stdin,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        timeout=60,
        check=False,
    )


def answer_lines(bot: Bot, *lines: bytes, explain: bool = False) -> list[dict[str, Any]]:
    """What a batch of these lines gets, each reply as a dict."""
    out = io.BytesIO()
    feed = io.BytesIO(b"\n".join(lines))
    batch.run(feed, out, lambda: Conversation(bot, None), explain=explain)
    return [json.loads(line) for line in out.getvalue().splitlines()]


class TestAsk:
    def test_shows_the_quote_with_its_section_and_line(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["ask", "what happens at the injection site?"]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert "┃ “Mild discomfort, redness, or swelling" in shown
        assert "Side Effects and Considerations > Injection Site Reactions" in shown
        assert "(line 49)" in shown

    def test_takes_a_question_without_quotes(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["ask", "--json", "what", "are", "allergic", "reactions"]) == 0
        assert json.loads(capsys.readouterr().out)["outcome"] == "answer"

    def test_json_is_one_line_in_a_pipe_and_holds_the_record(
        self, bot: Bot, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["ask", "--json", "what are allergic reactions?"]) == 0
        line, rest = capsys.readouterr().out.split("\n")
        record = json.loads(line)
        excerpt = record["excerpts"][0]
        source = bot.guide(GUIDE_ID).guide.source
        assert source[excerpt["start"] : excerpt["end"]] == excerpt["quote"]
        assert rest == ""
        assert "explain" not in record

    def test_explain_adds_how_it_was_decided(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["ask", "--json", "--explain", "what are allergic reactions?"]) == 0
        assert json.loads(capsys.readouterr().out)["explain"]

    def test_reads_the_question_from_standard_input(self) -> None:
        done = quotewell("ask", "--json", stdin=b"what are allergic reactions?\n")
        assert json.loads(done.stdout)["outcome"] == "answer"

    def test_odd_bytes_get_a_reply(self) -> None:
        done = quotewell("ask", "--json", stdin=b"\xff\xfe what are allergic reactions?")
        assert done.returncode == 0
        assert json.loads(done.stdout)["outcome"] in OUTCOMES

    @pytest.mark.parametrize("question", ["", " ", "😀", "\x1b[31m\x07", "b12 " * 25_000])
    def test_no_question_is_too_odd_for_a_reply(
        self, question: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["ask", "--json", question]) == 0
        assert json.loads(capsys.readouterr().out)["outcome"] in OUTCOMES

    def test_answers_from_a_bare_file(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        leaflet = tmp_path / "leaflet.md"
        leaflet.write_text("# Ear syringing\n\n## Afterwards\n\nKeep the ear dry for a day.\n")
        assert (
            run(
                [
                    "ask",
                    "--json",
                    "--guide",
                    str(leaflet),
                    "what should happen to the ear afterwards?",
                ]
            )
            == 0
        )
        record = json.loads(capsys.readouterr().out)
        assert [e["quote"] for e in record["excerpts"]] == ["Keep the ear dry for a day."]

    def test_goes_on_with_a_visit_that_is_kept(self, capsys: pytest.CaptureFixture[str]) -> None:
        ask = ["ask", "--json", "--visit", "a-visit-of-my-own"]
        assert run([*ask, "what are allergic reactions?"]) == 0
        assert run([*ask, "what are allergic reactions?"]) == 0
        first, second = capsys.readouterr().out.splitlines()
        assert json.loads(first)["visit_id"] == json.loads(second)["visit_id"]
        assert Path(".quotewell/quotewell.db").exists()

    def test_keeps_nothing_without_a_visit(self) -> None:
        assert run(["ask", "what are allergic reactions?"]) == 0
        assert list(Path().iterdir()) == []


class TestStart:
    @pytest.mark.parametrize(
        "args", [["ask", "--json", "is it safe?"], ["ask", "--batch"]], ids=["json", "batch"]
    )
    def test_ask_imports_no_door_of_another(self, args: list[str]) -> None:
        code = (
            "import sys\nfrom bot.cli import main\n"
            "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
            "print(*sorted({n.split('.')[0] for n in sys.modules}), file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *args],
            input=b'{"id": "1", "turns": ["is it safe?"]}\n',
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            timeout=60,
            check=True,
        )
        loaded = set(done.stderr.decode().split())
        assert {"bot", "json"} <= loaded
        heavy = {"fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "rich", "markdown_it"}
        heavy |= {"jinja2", "asyncio", "prometheus_client", "readline"}
        assert loaded & heavy == set()


class TestErrors:
    def test_a_wrong_setting_is_one_line_that_names_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("QUOTEWELL_PORT", "many")
        assert run(["ask", "is it safe?"]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err == (
            "quotewell: QUOTEWELL_PORT: 'many'; expected a whole number from 0 to 65535\n"
        )

    @pytest.mark.parametrize("guide", ["no-such-guide", "no/such/file.md", ""])
    def test_an_unknown_guide_is_one_line(
        self, guide: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["ask", "--guide", guide, PRIVATE]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.startswith("quotewell: ")
        assert shown.err.count("\n") == 1
        assert PRIVATE not in shown.err

    @pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"caf\xe9 opens\n"])
    def test_a_guide_that_is_no_text_is_one_line(
        self, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        broken = tmp_path / "broken.txt"
        broken.write_bytes(content)
        assert run(["ask", "--guide", str(broken), "is it safe?"]) == 2
        error = capsys.readouterr().err
        assert "broken.txt" in error
        assert error.count("\n") == 1

    @pytest.mark.parametrize(
        "args",
        [
            [],
            ["ask", "--visit", "short", "is it safe?"],
            ["ask", "--batch", "is it safe?"],
            ["ask", "--batch", "--visit", "a-visit-of-my-own"],
            ["ask", "--no-such-option"],
            ["explain"],
            ["serve", "--port", "many"],
            ["what is it used for?"],
        ],
        ids=" ".join,
    )
    def test_wrong_usage_leaves_with_two(self, args: list[str]) -> None:
        assert run(args) == 2

    def test_a_question_in_place_of_a_command_is_not_repeated(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run([PRIVATE]) == 2
        shown = capsys.readouterr().err
        assert "quotewell ask" in shown
        assert "zebra" not in shown

    def test_a_fault_tells_its_kind_and_place_and_not_the_question(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(self: Conversation, text: str, *, explain: bool = False) -> Reply:
            raise RuntimeError(text)

        monkeypatch.setattr(Conversation, "say", fail)
        assert run(["ask", PRIVATE]) == 70
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "RuntimeError" in shown.err
        assert "zebra" not in shown.err
        assert shown.err.count("\n") == 1

    def test_a_full_disk_is_one_line(self) -> None:
        with Path("/dev/full").open("wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "bot", "ask", "--json", "is it safe?"],
                stdout=full,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                timeout=60,
                check=False,
            )
        assert done.returncode == 2
        assert done.stderr == b"quotewell: cannot read or write (No space left on device)\n"

    def test_a_reader_that_goes_away_is_met_quietly(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "ask", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdin
        assert process.stdout
        process.stdout.close()
        item = b'{"id": "1", "turns": ["is it safe?"]}\n'
        with process.stdin:
            process.stdin.write(item * 100)
        assert process.stderr
        with process.stderr:
            assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


class TestBatch:
    def test_answers_in_order_with_the_ids_given(self, bot: Bot) -> None:
        items = [{"id": f"q{n}", "turns": ["is it safe?"]} for n in range(20)]
        replies = answer_lines(bot, *(json.dumps(item).encode() for item in items))
        assert [r["id"] for r in replies] == [item["id"] for item in items]
        assert {r["outcome"] for r in replies} <= set(OUTCOMES)

    def test_is_the_reply_record_with_an_id(self, bot: Bot) -> None:
        (reply,) = answer_lines(bot, b'{"id": "a", "turns": ["what are allergic reactions?"]}')
        assert list(reply) == [
            *("id", "reply_id", "visit_id", "outcome", "reason", "text", "excerpts"),
            *("suggestions", "card", "notice", "lang", "guide_version", "policy_version"),
        ]

    def test_earlier_turns_are_said_in_the_same_visit(self, bot: Bot) -> None:
        alone, after = answer_lines(
            bot,
            b'{"id": "alone", "turns": ["and for kids?"]}',
            b'{"id": "after", "turns": ["how many mcg should I inject?", "and for kids?"]}',
        )
        assert after["outcome"] == "dosing_refusal"
        assert alone["outcome"] != "dosing_refusal"

    def test_items_share_no_visit(self, bot: Bot) -> None:
        item = b'{"id": "1", "turns": ["is it safe?"]}'
        assert len({r["visit_id"] for r in answer_lines(bot, *[item] * 5)}) == 5

    def test_explain_is_there_when_asked_for(self, bot: Bot) -> None:
        (reply,) = answer_lines(bot, b'{"id": "1", "turns": ["is it safe?"]}', explain=True)
        assert reply["explain"]

    @pytest.mark.parametrize(
        ("line", "item_id", "error"),
        [
            (b"zebra", None, "no JSON from column 1; expected a JSON object"),
            (b"\xff\xfe", None, "byte 1 is not UTF-8; expected a JSON object"),
            (b'"zebra"', None, "found a text; expected an object with id and turns"),
            (b"[]", None, "found a list; expected an object with id and turns"),
            (b"null", None, "found nothing; expected an object with id and turns"),
            (b'{"turns": ["zebra"]}', None, "id: found nothing; expected a text"),
            (b'{"id": true, "turns": ["zebra"]}', None, "id: found true or false; expected a text"),
            (b'{"id": "1"}', "1", "turns: found nothing; expected 1 to 200 messages"),
            (
                b'{"id": "1", "turns": []}',
                "1",
                "turns: found a list of 0; expected 1 to 200 messages",
            ),
            (
                b'{"id": "1", "turns": "zebra"}',
                "1",
                "turns: found a text; expected 1 to 200 messages",
            ),
            (b'{"id": "1", "turns": ["a", 2]}', "1", "turn 2: found a number; expected a text"),
            (b'{"id": 7, "turns": [{}]}', 7, "turn 1: found an object; expected a text"),
            (b"[" * 100_000, None, "JSON with a number too long or nested too deep"),
            (b"1" * 10_000, None, "JSON with a number too long or nested too deep"),
            (b"z" * (3 << 20), None, "more than 1048576 bytes; expected a shorter line"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_a_bad_line_costs_only_itself(
        self, bot: Bot, line: bytes, item_id: str | int | None, error: str
    ) -> None:
        good = b'{"id": "good", "turns": ["what are allergic reactions?"]}'
        before, bad, after = answer_lines(bot, good, line, good)
        assert (before["outcome"], after["outcome"]) == ("answer", "answer")
        assert (bad["id"], bad["error"]) == (item_id, error)
        assert (bad["outcome"], bad["reason"]) == ("unintelligible", "bad_line")
        assert bad["text"]
        assert "zebra" not in json.dumps(bad)

    def test_blank_lines_are_passed_over(self, bot: Bot) -> None:
        item = b'{"id": "1", "turns": ["is it safe?"]}'
        assert len(answer_lines(bot, b"", item, b"  \r", item, b"", b"")) == 2

    def test_half_a_surrogate_pair_is_survived_and_the_id_comes_back_exactly(
        self, bot: Bot
    ) -> None:
        (reply,) = answer_lines(bot, rb'{"id": "\ud800", "turns": ["is it \udfff safe?"]}')
        assert reply["id"] == "\ud800"
        assert "error" not in reply

    def test_every_line_is_answered_before_the_next_is_read(self, bot: Bot) -> None:
        seen: list[int] = []
        out = io.BytesIO()

        class Feed(io.BytesIO):
            def readline(self, size: int | None = -1, /) -> bytes:
                seen.append(out.getvalue().count(b"\n"))
                return super().readline(size)

        item = b'{"id": "1", "turns": ["is it safe?"]}\n'
        batch.run(Feed(item * 3), out, lambda: Conversation(bot, None))
        assert seen == [0, 1, 2, 3]

    def test_as_a_program_it_writes_nothing_else_and_leaves_with_zero(self) -> None:
        done = quotewell(
            "ask",
            "--batch",
            stdin=b'{"id": "\xc3\xa9", "turns": ["is it safe?"]}\nzebra\n',
            PYTHONIOENCODING="ascii",
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["é", None]


class TestChat:
    def talk(self, bot: Bot, *said: str) -> str:
        """What the terminal shows when these lines are typed."""
        screen = Console(file=io.StringIO(), width=80, markup=False, highlight=False)
        talk(lambda: Conversation(bot, None), screen, io.StringIO("\n".join(said) + "\n"))
        assert isinstance(screen.file, io.StringIO)
        return screen.file.getvalue()

    def test_greets_with_the_guide_and_the_commands(self, bot: Bot) -> None:
        shown = self.talk(bot, "/quit")
        assert bot.guide().guide.title in shown
        assert "/why" in shown

    def test_quotes_the_guide(self, bot: Bot) -> None:
        assert "Immediate medical attention" in self.talk(bot, "what are allergic reactions?")

    def test_a_number_picks_what_was_offered(self, bot: Bot) -> None:
        conversation = Conversation(bot, None)
        offered = conversation.say("parking fees").suggestions
        assert offered
        picked = conversation.say("1")
        assert picked.outcome == "answer"
        assert picked.excerpts[0].passage_id == offered[0].passage_id

    def test_why_shows_how_the_last_reply_was_decided(self, bot: Bot) -> None:
        shown = self.talk(bot, "/why", "what are allergic reactions?", "/why")
        assert "Nothing was asked yet" in shown
        assert "allergic-reactions-1" in shown

    def test_new_forgets_the_conversation(self, bot: Bot) -> None:
        started: list[Conversation] = []

        def start() -> Conversation:
            started.append(Conversation(bot, None))
            return started[-1]

        screen = Console(file=io.StringIO(), width=80)
        talk(start, screen, io.StringIO("is it safe?\n/new\n/quit\n"))
        assert [c.visit.turn for c in started] == [1, 0]

    def test_an_unknown_command_gets_help_and_is_not_asked(self, bot: Bot) -> None:
        assert self.talk(bot, "/exit-please").count("/why") == 2

    @pytest.mark.parametrize("leaving", [EOFError, KeyboardInterrupt])
    def test_ctrl_d_and_ctrl_c_end_it_quietly(
        self, bot: Bot, leaving: type[BaseException], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def leave(prompt: str) -> str:
            raise leaving

        monkeypatch.setattr("builtins.input", leave)
        screen = Console(file=io.StringIO(), width=80)
        talk(lambda: Conversation(bot, None), screen)


class TestPassages:
    def test_lists_every_passage_with_its_place(
        self, bot: Bot, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["passages"]) == 0
        shown = capsys.readouterr().out
        for passage in bot.guide().guide.passages:
            assert passage.passage_id in shown
            assert f"characters {passage.start}-{passage.end}" in shown

    def test_full_shows_whole_passages(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["passages", "--full"]) == 0
        assert "resolve on their own." in " ".join(capsys.readouterr().out.split())

    def test_json_holds_slices_of_the_source(
        self, bot: Bot, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["passages", "--json", "--guide", GUIDE_ID]) == 0
        record = json.loads(capsys.readouterr().out)
        source = bot.guide(GUIDE_ID).guide.source
        assert record["guide"] == GUIDE_ID
        assert len(record["passages"]) == 18
        assert all(source[p["start"] : p["end"]] == p["text"] for p in record["passages"])


class TestCheck:
    @pytest.fixture
    def corpus(self, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A corpus of one small guide that may be broken."""
        folder = Path("corpus", "ears")
        folder.mkdir(parents=True)
        (folder / "guide.md").write_text("# Ear syringing\n\nKeep the ear dry for a day.\n")
        monkeypatch.delenv("QUOTEWELL_CORPUS_DIR")
        return folder.parent

    def test_what_is_shipped_has_nothing_to_mend_and_says_what_is_missing(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["check"]) == 0
        shown = capsys.readouterr().out
        assert "✗" not in shown
        assert "this is a demonstration" in " ".join(shown.split())
        assert f"Guide {GUIDE_ID}" in shown

    def test_one_fault_does_not_hide_the_next(
        self, corpus: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (corpus / "clinic.toml").write_text('phone = "ring us"\n')
        (corpus / "ears" / "lexicon.toml").write_text("subject = 12\n")
        (corpus / "ears" / "absent.toml").write_text("[[topic\n")
        assert run(["check"]) == 1
        shown = capsys.readouterr().out
        for named in ("clinic.toml", "lexicon.toml", "absent.toml"):
            assert named in shown
        assert shown.count("✗") >= 3

    def test_a_wrong_setting_is_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("QUOTEWELL_PROT", "8000")
        assert run(["check"]) == 1
        assert "perhaps QUOTEWELL_PORT" in capsys.readouterr().out

    def test_a_secret_is_masked(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("QUOTEWELL_METRICS_TOKEN", "sesame")
        monkeypatch.setenv("QUOTEWELL_PORT", "8123")
        assert run(["check"]) == 0
        shown = capsys.readouterr().out
        assert "port = 8123" in shown
        assert "metrics_token = ********" in shown
        assert "sesame" not in shown

    def test_no_guide_at_all_must_be_mended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.setenv("QUOTEWELL_CORPUS_DIR", str(tmp_path / "empty"))
        assert run(["check"]) == 1
        assert "expected a folder with guide.txt" in " ".join(capsys.readouterr().out.split())

    def test_a_review_that_is_overdue_is_worth_a_look(self, corpus: Path) -> None:
        (corpus / "ears" / "guide.toml").write_text(
            'reviewed_by = "Dr A."\nreviewed_on = "2025-01-01"\nreview_by = "2026-01-01"\n'
        )

        def looks(today: date) -> list[str]:
            groups = examine("ears", today)
            return [f.text for _, found in groups for f in found if "review_by" in f.text]

        assert looks(date(2026, 1, 1)) == []
        assert looks(date(2026, 1, 2)) == ["guide.toml: review_by 2026-01-01 has passed"]

    def test_an_emergency_without_a_number_must_be_mended(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        numberless = replace(TestRender.REPLY, outcome="emergency", card=None)
        monkeypatch.setattr(Conversation, "say", lambda self, text: numberless)
        assert run(["check"]) == 1
        assert f"{GUIDE_ID}: an emergency gets emergency" in capsys.readouterr().out

    def test_guide_looks_at_that_one_only(
        self, corpus: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (corpus / "ears" / "guide.md").write_bytes(b"\xff\xfe\x00")
        leaflet = corpus / "leaflet.txt"
        leaflet.write_text("Keep the ear dry for a day.\n")
        assert run(["check", "--guide", str(leaflet)]) == 0
        assert "Guide leaflet.txt" in capsys.readouterr().out
        assert run(["check", "--guide", "ears"]) == 1


GUARDED = """\
# Iron infusion

## Weekly dose of 500 mg

Adults get 500 mg of iron. Symptoms last six months.

## Amounts

Keep our yellow card with you.

| Iron sucrose | 200 |
| --- | --- |
| Iron dextran | 100 |
"""


class TestCheckOfAGuide:
    """What is never quoted of a guide, and what only looks like it."""

    @pytest.fixture
    def leaflet(self, tmp_path: Path) -> Path:
        folder = tmp_path / "iron"
        folder.mkdir()
        (folder / "guide.md").write_text(GUARDED, encoding="utf-8")
        manifest = '[[withhold]]\ntext = "yellow card"\nwhy = "It is blue now."\n'
        (folder / "guide.toml").write_text(manifest, encoding="utf-8")
        return folder

    def told(self, leaflet: Path, capsys: pytest.CaptureFixture[str]) -> str:
        run(["check", "--guide", str(leaflet)])
        shown = " ".join(capsys.readouterr().out.split())
        return shown[shown.index("Guide iron") : shown.index("Gates")]

    def test_every_sentence_that_is_never_quoted_has_its_line_and_reason(
        self, leaflet: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = self.told(leaflet, capsys)
        kept_back, _, quotable = told.partition("may be quoted")
        assert "2 sentences and 1 table row never quoted" in kept_back
        assert "line 5: an amount (500, mg): “Adults get 500 mg of iron.”" in kept_back
        assert (
            "line 9: guide.toml says: It is blue now: “Keep our yellow card with you.”" in kept_back
        )
        assert "line 13: a figure in a row of a table (100): “Iron dextran | 100”" in kept_back
        assert "never" not in quotable

    def test_what_only_looks_like_a_dose_is_listed_apart(
        self, leaflet: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept_back, _, quotable = self.told(leaflet, capsys).partition("may be quoted")
        assert "1 sentence and 0 table rows with figures that are no dose, and" in kept_back
        told = "line 5: how long something lasts or is felt, no dose (six): “Symptoms last six"
        assert told in quotable

    def test_a_heading_with_a_dose_is_worth_a_look(
        self, leaflet: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = self.told(leaflet, capsys)
        assert "! line 3: a heading is shown with every quotation" in told
        assert told.count("a heading is shown") == 1

    def test_programs_get_the_same_in_parts(
        self, leaflet: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["check", "--guide", str(leaflet), "--json"]) == 0
        record = json.loads(capsys.readouterr().out)
        assert record["n_wrong"] == 0
        (found,) = [g["findings"] for g in record["groups"] if g["title"] == "Guide iron"]
        parts = [f for f in found if f["level"] == "note"]
        assert [p["kind"] for p in parts] == ["withheld"] * 3 + ["quotable"]
        amount = parts[0]
        assert amount["rule"] == "withheld.amount"
        assert amount["words"] == ["500", "mg"]
        assert GUARDED[amount["start"] : amount["end"]] == amount["quote"]
        assert [p["is_row"] for p in parts] == [False, False, True, False]

    def test_a_fault_is_in_the_record_too(
        self, leaflet: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (leaflet / "lexicon.toml").write_text("subject = 12\n")
        assert run(["check", "--guide", str(leaflet), "--json"]) == 1
        record = json.loads(capsys.readouterr().out)
        assert record["n_wrong"] == 1


class TestVersion:
    @pytest.mark.parametrize("args", [["version"], ["--version"]])
    def test_is_printed(self, args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert run(args) == 0
        assert capsys.readouterr().out == f"quotewell {__version__}\n"


class TestRender:
    EXCERPT = Excerpt(
        *(
            "g",
            "p-1",
            "Site",
            ("Side effects", "Site"),
            "Mild  [bold]redness[/]",
            "Mild [bold]redness[/]",
        ),
        *(5, 27, "0" * 64, "/guides/g#site"),
    )
    REPLY = Reply(
        *("r", "v", "answer", "", "The guide says:", (EXCERPT,), (Suggestion("Else", "p-2"),)),
        Card("emergency", "Call 999 now", ("Stay.",), (Number("Ambulance", "999"),)),
        *("Demonstration.", "en", "1", "1"),
    )

    def show(self, reply: Reply, **kinds: Any) -> str:
        screen = Console(file=io.StringIO(), width=60, markup=False, highlight=False, **kinds)
        screen.print(reply_view(reply, "One.\nMild  [bold]redness[/]"))
        assert isinstance(screen.file, io.StringIO)
        return screen.file.getvalue()

    def test_the_card_comes_first_and_the_notice_last(self) -> None:
        shown = self.show(self.REPLY)
        places = [
            shown.index(part)
            for part in ("Call 999 now", "999  call", "┃", "1 Else", "Demonstration.")
        ]
        assert places == sorted(places)

    def test_what_a_guide_says_is_text_and_no_markup(self) -> None:
        assert "“Mild [bold]redness[/]”" in self.show(self.REPLY)

    def test_a_guide_cannot_steer_the_terminal(self) -> None:
        reply = replace(self.REPLY, text="a\x1b[2Jb\x9bc\rd")
        assert "a [2Jb c d" in self.show(reply)

    def test_no_colour_without_a_terminal(self) -> None:
        assert "\x1b" not in self.show(self.REPLY)

    def test_no_colour_is_respected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        coloured = self.show(self.REPLY, force_terminal=True)
        monkeypatch.setenv("NO_COLOR", "1")
        plain = self.show(self.REPLY, force_terminal=True)
        assert "\x1b[1;31m" in coloured
        assert "31m" not in plain

    @pytest.mark.parametrize(
        ("source", "start", "end", "said"),
        [
            ("abc", 0, 3, "line 1"),
            ("a\nbc\nd", 2, 4, "line 2"),
            ("a\r\nbc\r\nd", 3, 8, "lines 2-3"),
            ("a\rb", 2, 3, "line 2"),
            ("a\nb\n", 2, 4, "line 2"),
        ],
    )
    def test_lines_are_counted_as_editors_do(
        self, source: str, start: int, end: int, said: str
    ) -> None:
        assert lines_of(source, start, end) == said


def test_minted_ids_are_fit_for_a_visit_and_differ() -> None:
    minted = {mint_id() for _ in range(100)}
    assert len(minted) == 100
    assert all(len(i) == 16 and i.replace("-", "").replace("_", "").isalnum() for i in minted)


@pytest.mark.parametrize(("torn", "mended"), [("a\udcff", "a\ufffd"), ("\ud83d\ude00", "😀")])
def test_clean_mends_what_no_encoding_takes(torn: str, mended: str) -> None:
    assert clean(torn) == mended
