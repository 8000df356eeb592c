"""Questions that a clinic chose to keep: redacted, few, expiring, and gone with their visit."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import pytest
from starlette.testclient import TestClient

from bot.answer import open_bot
from bot.cli.check import examine
from bot.errors import StoreError
from bot.records import Card, Reply, Turn, Visit
from bot.redact import redact
from bot.sampling import MAX_CHARS, Sampler, open_sampler
from bot.settings import load_settings
from bot.store import Store, open_store
from bot.store.samples import MemorySamples, Sample, Samples
from tests.channel_support import KITS, Door, Said
from tests.core_help import NOON, ROOT, VISIT
from tests.http_support import CANARY, DOSING, EMERGENCY, client_with, settings_with
from tests.test_http_server import Server, served

NAMED = f"my name is {CANARY} and what is it used for, since 2019?"
REDACTED = "my name is [name] and what is it used for, since 2019?"
SAMPLE = Sample(
    *("reply-1", VISIT, "b12", "web", "en", "answer", "", ("uses-1",), "what is it for"),
    *("1", "p", NOON, NOON + 100),
)


def a_reply(n: int = 1, **values: Any) -> Reply:
    reply = Reply(
        *(f"reply-{n}", VISIT, "not_covered", "", "The guide is silent.", (), (), None, "", "en"),
        *("1", "p"),
    )
    return replace(reply, **values)


def all_of(samples: Samples) -> Sampler:
    return Sampler(samples, 100, 100.0)


class Contract:
    """Inherited by each kind of store."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        raise NotImplementedError

    def test_a_sample_comes_back_as_it_was_kept(self, store: Store) -> None:
        store.samples.add(SAMPLE).result(5)
        assert store.samples.all() == [SAMPLE]
        assert store.samples.all("answer") == [SAMPLE]
        assert store.samples.all("clarify") == []

    def test_the_oldest_come_first(self, store: Store) -> None:
        for n in (3, 1, 2):
            store.samples.add(replace(SAMPLE, sample_id=f"r{n}", at=NOON + n)).result(5)
        assert {s.sample_id for s in store.samples.all()} == {"r1", "r2", "r3"}

    def test_purging_takes_the_expired_and_leaves_the_others(self, store: Store) -> None:
        store.samples.add(SAMPLE).result(5)
        store.samples.add(replace(SAMPLE, sample_id="late", expires_at=NOON + 200)).result(5)
        assert store.purge(NOON + 99) == 0
        assert store.purge(NOON + 100) == 1
        assert [s.sample_id for s in store.samples.all()] == ["late"]

    def test_erasing_a_visit_erases_its_samples_and_no_others(self, store: Store) -> None:
        store.samples.add(SAMPLE).result(5)
        other = replace(SAMPLE, sample_id="other", visit_id="another-visit-of-tests")
        store.samples.add(other).result(5)
        assert store.delete_visit(VISIT) is True
        assert store.samples.all() == [other]
        assert store.delete_visit(VISIT) is False

    def test_showing_a_visit_shows_its_samples_even_when_the_visit_has_expired(
        self, store: Store
    ) -> None:
        store.samples.add(SAMPLE).result(5)
        shown = store.export_visit(VISIT)
        assert shown is not None
        assert shown["visit"] is None
        assert shown["replies"] == []
        assert [s["text"] for s in shown["samples"]] == ["what is it for"]
        visit = Visit(VISIT, guide_id="b12", turn=1, at=NOON)
        store.record(a_reply(), visit, guide_id="b12", channel="web", ms=1.0, at=NOON).result(5)
        shown = store.export_visit(VISIT)
        assert shown is not None
        assert shown["visit"]["visit_id"] == VISIT
        assert json.loads(json.dumps(shown)) == shown

    def test_all_can_be_erased(self, store: Store) -> None:
        store.samples.add(SAMPLE).result(5)
        assert store.samples.clear() == 1
        assert store.samples.all() == []


class TestMemory(Contract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = open_store("", retention_hours=1)
        yield store
        store.close()

    def test_there_is_a_bound(self) -> None:
        samples = MemorySamples()
        for n in range(1010):
            samples.add(replace(SAMPLE, sample_id=str(n)))
        assert [s.sample_id for s in samples.all()][:1] == ["10"]
        assert len(samples.all()) == 1000


class TestSql(Contract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        store = open_store(f"sqlite:///{tmp_path / 'kept.db'}", retention_hours=1)
        yield store
        store.close()

    def test_what_is_erased_stands_in_no_file_any_more(self, store: Store, tmp_path: Path) -> None:
        store.samples.add(replace(SAMPLE, text=CANARY)).result(5)
        assert any(CANARY.encode() in f.read_bytes() for f in tmp_path.iterdir())
        store.delete_visit(VISIT)
        assert not any(CANARY.encode() in f.read_bytes() for f in tmp_path.iterdir())
        store.samples.add(replace(SAMPLE, text=CANARY)).result(5)
        store.purge(NOON + 1000)
        assert not any(CANARY.encode() in f.read_bytes() for f in tmp_path.iterdir())


class TestSampler:
    def take(self, text: str | None, reply: Reply, channel: str = "web") -> list[Sample]:
        samples = MemorySamples()
        all_of(samples).take(text, reply, guide_id="b12", channel=channel, at=NOON)
        return samples.all()

    def test_it_is_off_unless_a_setting_switches_it_on(self) -> None:
        store = open_store("", retention_hours=1)
        assert open_sampler(settings_with(), store) is None
        sampler = open_sampler(settings_with(sample_percent=5, sample_retention_days=2), store)
        assert sampler is not None
        assert (sampler.percent, sampler.retention_seconds) == (5, 2 * 86400.0)

    def test_a_question_is_redacted_and_expires(self) -> None:
        (sample,) = self.take(NAMED, a_reply())
        assert sample.text == REDACTED == redact(NAMED)
        assert (sample.sample_id, sample.visit_id) == ("reply-1", VISIT)
        assert (sample.at, sample.expires_at) == (NOON, NOON + 100)
        assert sample.outcome == "not_covered"

    @pytest.mark.parametrize("outcome", ["emergency", "overdose", "crisis"])
    def test_nothing_urgent_is_kept(self, outcome: Any) -> None:
        assert self.take("what is it", a_reply(outcome=outcome)) == []

    def test_nothing_with_an_urgent_card_is_kept(self) -> None:
        card = Card("urgent", "Get help today", ())
        assert self.take("what is it", a_reply(outcome="personal_advice", card=card)) == []
        assert self.take("what is it", a_reply(card=replace(card, level="info")))

    @pytest.mark.parametrize("reason", ["privacy", "fault", "paused", "too_long", "empty"])
    def test_some_reasons_are_never_kept(self, reason: str) -> None:
        assert self.take("what is it", a_reply(outcome="smalltalk", reason=reason)) == []

    def test_nothing_from_the_kiosk_nor_a_tapped_button_nor_a_story(self) -> None:
        assert self.take("what is it", a_reply(), "kiosk") == []
        assert self.take(None, a_reply()) == []
        assert self.take("x" * (MAX_CHARS + 1), a_reply()) == []
        assert self.take("x" * MAX_CHARS, a_reply())

    def test_the_share_is_about_what_was_set(self) -> None:
        samples = MemorySamples()
        sampler = Sampler(samples, 20, 100.0)
        for n in range(1000):
            sampler.take("what is it", a_reply(n), guide_id="b12", channel="web", at=NOON)
        assert 150 < len(samples.all()) < 250

    def test_a_fault_costs_no_reply_and_tells_no_words(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(text: str) -> NoReturn:
            raise ValueError(text)

        sampler = replace(all_of(MemorySamples()), clean=broken)
        kept = sampler.take(CANARY, a_reply(), guide_id="b12", channel="web", at=NOON)
        assert kept is None
        assert "sample not kept: ValueError" in caplog.text
        assert CANARY not in caplog.text

    def test_a_store_that_fails_later_is_told_by_its_kind(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Failing(MemorySamples):
            def add(self, sample: Sample) -> Future[None]:
                failed: Future[None] = Future()
                failed.set_exception(StoreError(sample.text, where="test"))
                return failed

        all_of(Failing()).take(CANARY, a_reply(), guide_id="b12", channel="web", at=NOON)
        assert "sample not kept: StoreError" in caplog.text
        assert CANARY not in caplog.text


class TestServed:
    """A real server with a real database."""

    VISIT = "visit-that-is-sampled"

    def ask(self, server: Server, question: str, **more: str) -> dict[str, Any]:
        body = {"question": question, "visit_id": self.VISIT, **more}
        reply: dict[str, Any] = httpx2.post(f"{server.url}v1/ask", json=body).json()
        return reply

    def rows(self, server: Server) -> list[str]:
        connection = sqlite3.connect(server.database)
        found = [text for (text,) in connection.execute("select text from samples order by at")]
        connection.close()
        return found

    def test_by_default_nothing_is_kept(self, tmp_path: Path) -> None:
        with served(tmp_path) as server:
            self.ask(server, NAMED)
            shown = httpx2.get(f"{server.url}v1/visits/{self.VISIT}").json()
            assert server.stop() == 0
        assert shown["samples"] == []
        assert self.rows(server) == []

    def test_what_is_kept_is_redacted_and_in_no_log(self, tmp_path: Path) -> None:
        environ = {"QUOTEWELL_SAMPLE_PERCENT": "100", "QUOTEWELL_LOG_LEVEL": "debug"}
        with served(tmp_path, **environ) as server:
            self.ask(server, NAMED)
            self.ask(server, f"{EMERGENCY} {CANARY}")
            self.ask(server, f"delete my data {CANARY}")
            self.ask(server, f"what is it for {CANARY}", channel="kiosk")
            self.ask(server, DOSING)
            metrics = httpx2.get(f"{server.url}metrics").text
            assert server.stop() == 0
        assert self.rows(server) == [REDACTED, DOSING]
        assert CANARY not in server.log + metrics
        assert "used for" not in server.log + metrics
        assert CANARY.encode() not in server.database.read_bytes()

    def test_a_visit_shows_and_erases_its_samples(self, tmp_path: Path) -> None:
        with served(tmp_path, QUOTEWELL_SAMPLE_PERCENT="100") as server:
            reply = self.ask(server, NAMED)
            address = f"{server.url}v1/visits/{self.VISIT}"
            (shown,) = httpx2.get(address).json()["samples"]
            assert (shown["text"], shown["sample_id"]) == (REDACTED, reply["reply_id"])
            assert httpx2.delete(address).status_code == 204
            assert httpx2.get(address).status_code == 404
            assert server.stop() == 0
        assert self.rows(server) == []

    def test_a_server_erases_the_expired_by_itself(self, tmp_path: Path) -> None:
        address = f"sqlite:///{tmp_path / 'kept.db'}"
        store = open_store(address, retention_hours=1)
        now = time.time()
        store.samples.add(replace(SAMPLE, expires_at=now - 1)).result(5)
        fresh = replace(SAMPLE, sample_id="fresh", text="fresh", expires_at=now + 3600)
        store.samples.add(fresh).result(5)
        store.close()
        with served(tmp_path) as server:
            assert httpx2.get(f"{server.url}readyz").status_code == 200
            deadline = time.monotonic() + 30
            while self.rows(server) != ["fresh"]:
                assert time.monotonic() < deadline
                httpx2.get(f"{server.url}healthz")
            assert server.stop() == 0


def test_people_who_ask_about_their_data_are_told() -> None:
    corpus = {"QUOTEWELL_CORPUS_DIR": str(ROOT / "corpus"), "QUOTEWELL_DATABASE_URL": ""}
    turn = Turn("r", NOON, text="delete my data")
    usual, _ = open_bot(load_settings(corpus)).ask(turn, Visit(VISIT))
    sampling = {**corpus, "QUOTEWELL_SAMPLE_PERCENT": "1"}
    told, _ = open_bot(load_settings(sampling)).ask(turn, Visit(VISIT))
    assert "I don’t keep what you type" in usual.text
    assert "Some questions are kept for a while" in told.text
    assert "don’t keep what you type" not in told.text


def test_the_start_page_says_what_is_so() -> None:
    with client_with() as client:
        assert "What you type is not kept." in client.get("/").text
    with client_with(sample_percent=1) as client:
        page = client.get("/").text
    assert "What you type is not kept." not in page
    assert "Some questions are kept for a while" in page


def test_a_chat_of_openais_form_is_sampled_too() -> None:
    store = open_store("", retention_hours=1)
    body = {"model": "quotewell", "messages": [{"role": "user", "content": NAMED}]}
    with client_with(store, sample_percent=100) as client:
        assert client.post("/v1/chat/completions", json=body).status_code == 200
        assert [(s.text, s.channel) for s in store.samples.all()] == [(REDACTED, "openai")]


def test_a_message_over_a_limit_is_not_kept() -> None:
    store = open_store("", retention_hours=1)
    ask = {"question": "what is it used for", "visit_id": "visit-over-its-limit"}
    with client_with(store, sample_percent=100, limit_per_visitor=1) as client:
        assert client.post("/v1/ask", json=ask).status_code == 200
        assert client.post("/v1/ask", json=ask).status_code == 429
        assert len(store.samples.all()) == 1


@pytest.mark.parametrize("name", sorted(KITS))
def test_a_messaging_channel_is_sampled_once_a_message(name: str) -> None:
    kit = KITS[name]
    door = Door(kit, None, sample_percent=100)
    delivery = kit.delivery(Said(NAMED, message_id="m-1"))
    with TestClient(door.app) as door.client:
        for _ in range(2):
            assert door.post(delivery).status_code == 200
        kept = door.store.samples.all()
    assert [(s.text, s.channel) for s in kept] == [(REDACTED, kit.channel().name)]


class TestCommand:
    @pytest.fixture(autouse=True)
    def database(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        """A database with an expired sample and two that are not."""
        address = f"sqlite:///{tmp_path / 'kept.db'}"
        monkeypatch.setenv("QUOTEWELL_DATABASE_URL", address)
        store = open_store(address, retention_hours=1)
        now = time.time()
        later = now + 1000
        store.samples.add(replace(SAMPLE, text="an old one", expires_at=now - 1)).result(5)
        store.samples.add(replace(SAMPLE, sample_id="b", expires_at=later)).result(5)
        missed = replace(SAMPLE, sample_id="c", outcome="not_covered", expires_at=later)
        store.samples.add(replace(missed, text="can I park\x1b[2J")).result(5)
        store.close()
        return address

    def quotewell(self, *args: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *args],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def test_it_lists_what_is_not_expired(self) -> None:
        code, told = self.quotewell("samples")
        assert code == 0
        assert "what is it for" in told
        assert "an old one" not in told
        assert "\x1b" not in told

    def test_it_lists_one_outcome_and_refuses_an_unknown_one(self) -> None:
        assert "what is it for" not in self.quotewell("samples", "--outcome", "not_covered")[1]
        code, told = self.quotewell("samples", "--outcome", "nonsense")
        assert code == 2
        assert "no such outcome" in told

    def test_it_exports_json(self) -> None:
        rows = json.loads(self.quotewell("samples", "--json")[1])
        assert [row["sample_id"] for row in rows] == ["b", "c"]

    def test_it_erases_the_expired_or_all(self, database: str) -> None:
        assert self.quotewell("samples", "purge")[1] == "1 erased.\n"
        assert self.quotewell("samples", "purge", "--all")[1] == "2 erased.\n"
        assert self.quotewell("samples")[1].startswith("No question is kept")


def test_check_says_that_sampling_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def looks() -> list[str]:
        groups = examine(None, date(2026, 11, 22))
        return [f.text for _, found in groups for f in found if "sampling" in f.text]

    assert looks() == []
    monkeypatch.setenv("QUOTEWELL_SAMPLE_PERCENT", "5")
    assert "5 % of the questions are kept, redacted, for 30 day(s)" in looks()[0]
    monkeypatch.setenv("QUOTEWELL_DATABASE_URL", "")
    assert any("lost at a restart" in text for text in looks())
