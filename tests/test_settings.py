"""Settings: where a value comes from, and what a bad one says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, load_settings, masked, table

BAD = [
    ("QUOTEWELL_PORT", "eighty", "whole number from 0 to 65535"),
    ("QUOTEWELL_PORT", "65536", "65535"),
    ("QUOTEWELL_PORT", "-1", "from 0"),
    ("QUOTEWELL_PORT", "", "whole number"),
    ("QUOTEWELL_VISIT_RETENTION_HOURS", "0", "from 1 to 720"),
    ("QUOTEWELL_VISIT_RETENTION_HOURS", "721", "from 1 to 720"),
    ("QUOTEWELL_MAX_QUESTION_CHARS", "99", "from 100 to 8000"),
    ("QUOTEWELL_MAX_QUESTION_CHARS", "8001", "from 100 to 8000"),
    ("QUOTEWELL_MAX_BODY_BYTES", "1023", "from 1024 to 1048576"),
    ("QUOTEWELL_PAUSED", "perhaps", "true or false"),
    ("QUOTEWELL_REQUIRE_KEY", "perhaps", "true or false"),
    ("QUOTEWELL_KIOSK_IDLE_SECONDS", "29", "from 30 to 600"),
    ("QUOTEWELL_SAMPLE_PERCENT", "101", "from 0 to 100"),
    ("QUOTEWELL_SAMPLE_RETENTION_DAYS", "91", "from 1 to 90"),
    ("QUOTEWELL_LIMIT_PER_KEY", "-1", "whole number"),
    ("QUOTEWELL_LIMIT_PER_VISITOR", "-1", "whole number"),
    ("QUOTEWELL_LIMIT_PER_ADDRESS", "-1", "whole number"),
    ("QUOTEWELL_LIMIT_IN_ALL", "-1", "whole number"),
    ("QUOTEWELL_LOG_LEVEL", "loud", "debug or info or warning or error"),
    ("QUOTEWELL_LOG_FORMAT", "xml", "text or json"),
    ("QUOTEWELL_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example", "network such as 10.0.0.0/8"),
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No quotewell.toml of the checkout gets in."""
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str) -> dict[str, str]:
    """The environment that names a settings file of this text."""
    path = folder / "our.toml"
    path.write_text(text, encoding="utf-8")
    return {"QUOTEWELL_CONFIG": str(path)}


class TestSources:
    def test_without_any_the_defaults_hold(self) -> None:
        assert load_settings({}) == Settings()

    def test_the_environment_wins_over_the_file(self, tmp_path: Path) -> None:
        environ = written(tmp_path, 'port = 9001\nlog_level = "error"')
        found = load_settings({**environ, "QUOTEWELL_PORT": "9002"})
        assert (found.port, found.log_level) == (9002, "error")

    def test_the_command_line_wins_over_both(self) -> None:
        assert load_settings({"QUOTEWELL_PORT": "9002"}, {"port": 9003}).port == 9003

    def test_an_option_that_was_not_given_changes_nothing(self) -> None:
        assert load_settings({"QUOTEWELL_PORT": "9002"}, {"port": None}).port == 9002

    def test_a_file_of_the_usual_name_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "quotewell.toml").write_text("paused = true", encoding="utf-8")
        assert load_settings({}).paused

    def test_other_programs_variables_are_left_alone(self) -> None:
        assert load_settings({"PORT": "1", "QUOTEWEL_PORT": "2"}) == Settings()

    def test_what_is_written_in_the_table_is_the_default(self) -> None:
        assert load_settings({name: text for name, text, _ in table()}) == Settings()


class TestValues:
    @pytest.mark.parametrize("text", ["1", "true", "Yes", " ON "])
    def test_yes_in_many_spellings(self, text: str) -> None:
        assert load_settings({"QUOTEWELL_PAUSED": text}).paused

    @pytest.mark.parametrize("text", ["0", "false", "No", "off", ""])
    def test_no_in_many_spellings(self, text: str) -> None:
        assert not load_settings({"QUOTEWELL_PAUSED": text}).paused

    def test_lists_are_parted_by_commas(self) -> None:
        found = load_settings(
            {"QUOTEWELL_ALLOWED_ORIGINS": " https://a.example , ,https://b.example"}
        )
        assert found.allowed_origins == ("https://a.example", "https://b.example")

    def test_lists_of_the_file_are_lists(self, tmp_path: Path) -> None:
        assert load_settings(written(tmp_path, 'languages = ["en", "es"]')).languages == (
            "en",
            "es",
        )

    def test_case_does_not_matter_where_words_are_given(self) -> None:
        assert load_settings({"QUOTEWELL_LOG_LEVEL": " WARNING "}).log_level == "warning"

    @pytest.mark.parametrize("proxy", ["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8"])
    def test_proxies_are_addresses_or_networks(self, proxy: str) -> None:
        assert load_settings({"QUOTEWELL_TRUSTED_PROXIES": proxy}).trusted_proxies == (proxy,)

    @pytest.mark.parametrize(("port", "low_high"), [("0", 0), ("65535", 65535)])
    def test_both_ends_of_a_range_are_in_it(self, port: str, low_high: int) -> None:
        assert load_settings({"QUOTEWELL_PORT": port}).port == low_high


class TestBadValues:
    @pytest.mark.parametrize(("name", "value", "expected"), BAD)
    def test_a_bad_value_names_itself(self, name: str, value: str, expected: str) -> None:
        with pytest.raises(SettingsError) as caught:
            load_settings({name: value})
        assert caught.value.where == name
        assert str(caught.value).startswith(f"{name}: ")
        assert expected in caught.value.expected

    def test_every_range_and_choice_is_tried(self) -> None:
        tried = {name for name, _, _ in BAD}
        bounded = [
            f.name for f in dataclasses.fields(Settings) if isinstance(f.default, (int, bool))
        ]
        assert {f"QUOTEWELL_{name.upper()}" for name in bounded} <= tried

    @pytest.mark.parametrize(
        "line",
        [
            "port = true",
            "port = 80.5",
            'port = "x"',
            "port = [1]",
            "host = 1",
            "paused = 2",
            "languages = [1]",
        ],
    )
    def test_a_bad_line_of_the_file_names_file_and_setting(self, tmp_path: Path, line: str) -> None:
        with pytest.raises(SettingsError) as caught:
            load_settings(written(tmp_path, line))
        assert caught.value.where == f"{tmp_path / 'our.toml'}: {line.split()[0]}"

    def test_an_option_of_the_command_line_is_named_as_typed(self) -> None:
        with pytest.raises(SettingsError, match="--max-body-bytes: 1; expected a whole number"):
            load_settings({}, {"max_body_bytes": 1})

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("QUOTEWELL_PROT", "perhaps QUOTEWELL_PORT"),
            ("QUOTEWELL_ALLOWED_ORIGIN", "perhaps QUOTEWELL_ALLOWED_ORIGINS"),
            ("QUOTEWELL_XYZZY", "a name of the README's table"),
        ],
    )
    def test_an_unknown_name_is_told_the_closest(self, name: str, hint: str) -> None:
        with pytest.raises(SettingsError) as caught:
            load_settings({name: "1"})
        assert (caught.value.where, caught.value.expected) == (name, hint)

    @pytest.mark.parametrize("text", [b"port = ", b"\xff\xfe", b"port = 1\nport = 2"])
    def test_a_file_that_is_no_toml_names_itself(self, tmp_path: Path, text: bytes) -> None:
        path = tmp_path / "our.toml"
        path.write_bytes(text)
        with pytest.raises(SettingsError, match="cannot be read as TOML") as caught:
            load_settings({"QUOTEWELL_CONFIG": str(path)})
        assert caught.value.where == str(path)

    def test_a_named_file_has_to_be_there(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"none\.toml"):
            load_settings({"QUOTEWELL_CONFIG": str(tmp_path / "none.toml")})


class TestSecrets:
    SECRETS = {
        "QUOTEWELL_DATABASE_URL": "postgresql://q:hunter2@db/q",
        "QUOTEWELL_METRICS_TOKEN": "hunter2",
    }

    def test_secrets_are_masked(self) -> None:
        shown = masked(load_settings(self.SECRETS))
        assert "hunter2" not in str(shown)
        assert shown["database_url"] == shown["metrics_token"] == "********"

    def test_secrets_stand_in_no_repr(self) -> None:
        assert "hunter2" not in repr(load_settings(self.SECRETS))

    def test_a_secret_that_is_not_set_is_seen_to_be_empty(self) -> None:
        assert masked(Settings())["metrics_token"] == ""

    def test_what_is_no_secret_is_shown(self) -> None:
        assert masked(Settings())["port"] == 8000


def test_each_row_has_a_name_and_a_help() -> None:
    assert [name for name, _, _ in table()] == [
        f"QUOTEWELL_{f.name.upper()}" for f in dataclasses.fields(Settings)
    ]
    assert all(help_text for _, _, help_text in table())
