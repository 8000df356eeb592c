"""API keys: made, found, replaced, revoked; what is kept of them is not the key."""

from __future__ import annotations

import pytest

from bot import keys
from bot.errors import PayloadError, StoreError
from bot.keys import DAY_SECONDS, KeyRing
from bot.store.doors import KeyRow
from bot.store.doors_memory import MemoryKeys

AT = 1_795_000_000.0


@pytest.fixture
def kept() -> MemoryKeys:
    return MemoryKeys()


def ring_over(kept: MemoryKeys, at: float = AT) -> KeyRing:
    ring = KeyRing(kept)
    ring.load(at)
    return ring


def test_a_key_is_found_and_is_not_what_is_kept(kept: MemoryKeys) -> None:
    key = keys.add(kept, "phone line", ["ask"], AT, None)
    found = ring_over(kept).find(key, AT)
    assert found is not None
    assert (found.name, found.scopes) == ("phone line", ("ask",))
    secret = key.rsplit("_", 1)[1]
    assert secret not in repr(kept.all())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key.upper(),
        lambda key: key + "x",
        lambda key: key[:20],
        lambda key: "",
        lambda key: "é" * 59,
    ],
)
def test_anything_else_is_not(kept: MemoryKeys, spoil: object) -> None:
    key = keys.add(kept, "a", ["ask"], AT, None)
    assert callable(spoil)
    assert ring_over(kept).find(spoil(key), AT) is None


def test_an_expired_key_opens_nothing(kept: MemoryKeys) -> None:
    key = keys.add(kept, "a", ["ask"], AT, 30)
    ring = ring_over(kept)
    assert ring.find(key, AT + 30 * DAY_SECONDS - 1) is not None
    assert ring.find(key, AT + 30 * DAY_SECONDS) is None


def test_a_revoked_key_opens_nothing_once_the_ring_has_looked(kept: MemoryKeys) -> None:
    key = keys.add(kept, "a", ["ask"], AT, None)
    ring = ring_over(kept)
    prefix = keys.prefix_of(key)
    assert prefix is not None
    assert keys.revoke(kept, prefix, AT + 1)
    assert not keys.revoke(kept, "000000000000", AT + 1)
    assert ring.is_fresh(AT + 4)
    assert not ring.is_fresh(AT + 5)
    ring.load(AT + 5)
    assert ring.find(key, AT + 5) is None


def test_two_keys_of_a_name_are_active_while_one_replaces_the_other(kept: MemoryKeys) -> None:
    old = keys.add(kept, "a", ["read", "ask"], AT, None)
    prefix = keys.prefix_of(old) or ""
    new, ended = keys.rotate(kept, prefix, AT, overlap_days=7, days=90)
    ring = ring_over(kept)
    both = [ring.find(key, AT + DAY_SECONDS) for key in (old, new)]
    assert [row.scopes for row in both if row] == [("ask", "read")] * 2
    assert ended.expires_at == AT + 7 * DAY_SECONDS
    assert ring.find(old, AT + 8 * DAY_SECONDS) is None
    assert ring.find(new, AT + 8 * DAY_SECONDS) is not None
    with pytest.raises(PayloadError, match="2 keys of this name"):
        keys.add(kept, "a", ["ask"], AT + 1, None)
    assert keys.add(kept, "a", ["ask"], AT + 8 * DAY_SECONDS, None)


def test_rotating_does_not_make_the_old_key_last_longer(kept: MemoryKeys) -> None:
    old = keys.add(kept, "a", ["ask"], AT, 1)
    _, ended = keys.rotate(kept, keys.prefix_of(old) or "", AT, overlap_days=7, days=None)
    assert ended.expires_at == AT + DAY_SECONDS
    with pytest.raises(PayloadError, match="no active key"):
        keys.rotate(kept, "000000000000", AT, overlap_days=7, days=None)


@pytest.mark.parametrize(
    ("name", "scopes"), [("", ["ask"]), ("a\n", ["ask"]), ("a", []), ("a", ["root"])]
)
def test_a_bad_name_or_scope_is_refused(kept: MemoryKeys, name: str, scopes: list[str]) -> None:
    with pytest.raises(PayloadError):
        keys.add(kept, name, scopes, AT, None)
    assert kept.all() == []


def test_the_day_of_use_is_kept_and_no_time_of_day(kept: MemoryKeys) -> None:
    key = keys.add(kept, "a", ["ask"], AT, None)
    ring = ring_over(kept)
    row = ring.find(key, AT)
    assert row is not None
    assert [ring.wants_note(row, AT) for _ in range(3)] == [True, False, False]
    ring.note_use(row, AT)
    ring.load(AT)
    noted = ring.find(key, AT)
    assert noted is not None
    assert noted.last_used_on == "2026-11-18"
    assert not ring.wants_note(noted, AT + 60)
    assert ring.wants_note(noted, AT + DAY_SECONDS)


class GoneKeys(MemoryKeys):
    def all(self) -> list[KeyRow]:
        raise StoreError("gone")


def test_the_keys_known_last_go_on_working_without_the_store(kept: MemoryKeys) -> None:
    key = keys.add(kept, "a", ["ask"], AT, None)
    ring = ring_over(kept)
    ring._keys = GoneKeys()
    with pytest.raises(StoreError):
        ring.load(AT + 10)
    assert ring.find(key, AT + 10) is not None
