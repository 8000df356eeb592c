"""Fixtures that many modules share: the real bot, a small guide, and the one way to ask."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from bot.answer import Bot, ReadyGuide
from bot.records import Reply
from tests.core_help import Ask, converse, real_bot, small_guide

# The same examples every time, at the desk and in CI; a busy machine is no failure.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What commands keep for the next call stays out of the user's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def real() -> Bot:
    """The real bot on the corpus as it ships."""
    return real_bot()


@pytest.fixture(scope="session")
def ready(real: Bot) -> ReadyGuide:
    """The Vitamin B12 guide, ready to answer."""
    return real.guide()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> ReadyGuide:
    """A bare guide of six passages."""
    return small_guide(tmp_path_factory.mktemp("guide"))


@pytest.fixture(scope="session")
def ask(real: Bot) -> Ask:
    """`ask("last message", "first", "second")`: the reply to the last message of a visit."""

    def ask_once(text: str, *earlier: str) -> Reply:
        return converse(real, *earlier, text)[0]

    return ask_once
