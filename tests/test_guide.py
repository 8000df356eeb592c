"""Loading a guide: the folder and the bare file, and what each fault says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bot.errors import GuideError
from bot.guide import Guide, Pair, load_guide, load_guides, problems

TEXT = """\
Iron infusions put iron into a vein.

Uses

They help when tablets fail.

Side effects

Headache:

• A headache may follow.

Rash:

• A rash is rare.

Storage

Keep it cold.


Ask the team about skin treatment.
"""
MANIFEST = """\
title = "Iron infusion"
language = "en"
version = "7"
reviewed_on = 2026-01-31
dose_section = "Uses"
[cards]
"Rash" = "info"
[[withhold]]
text = "skin treatment"
why = "a slip"
[[pair]]
a = "headache-1"
b = "rash-1"
"""
LEXICON = """\
subject = ["iron", "ferrous"]
[[entry]]
say = ["sore head"]
means = ["headache"]
weight = 0.4
[[entry]]
say = ["itch"]
means = ["rash"]
"""
QUESTIONS = """\
[[section]]
passage_id = "storage-1"
ask = ["where do I keep it", "does it go in the fridge"]
"""
ABSENT = """\
[[topic]]
id = "cost"
name = "cost"
words = ["price", "how much does it cost"]
near = ["uses-1"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "iron"
    folder.mkdir()
    (folder / "guide.txt").write_text(TEXT, encoding="utf-8", newline="")
    for name, text in (
        ("guide", MANIFEST),
        ("lexicon", LEXICON),
        ("questions", QUESTIONS),
        ("absent", ABSENT),
    ):
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def fault(folder: Path, file: str, text: str | bytes) -> GuideError:
    """The error of a folder in which one file has another content."""
    raw = text.encode() if isinstance(text, str) else text
    (folder / file).write_bytes(raw)
    with pytest.raises(GuideError) as caught:
        load_guide(folder)
    return caught.value


class TestTheRealGuide:
    def guide(self) -> Guide:
        return load_guide(Path("corpus/vitamin-b12-injection"))

    def test_loads_and_has_no_problems(self) -> None:
        assert self.guide().title == "Vitamin B12 Injection"
        assert len(self.guide().passages) == 18
        assert problems(Path("corpus/vitamin-b12-injection")) == []

    def test_its_bytes_are_those_of_the_manifest(self) -> None:
        raw = Path("corpus/vitamin-b12-injection/guide.txt").read_bytes()
        assert self.guide().sha256 == hashlib.sha256(raw).hexdigest()
        assert self.guide().source == raw.decode("utf-8")

    def test_the_slip_is_withheld(self) -> None:
        guide = self.guide()
        assert [guide.source[a:b] for a, b in guide.withheld] == ["skin treatment"]

    def test_monitoring_is_shown_from_both_sides(self) -> None:
        guide = self.guide()
        assert guide.pairs == (Pair("convenience-and-compliance-1", "overdose-risk-1"),)
        assert "without the need for frequent monitoring" in guide.passage(guide.pairs[0].a).text
        assert "monitor Vitamin B12 levels regularly" in guide.passage(guide.pairs[0].b).text

    def test_all_guides_of_the_project_load(self) -> None:
        assert "vitamin-b12-injection" in load_guides(Path("corpus"))


class TestAGuideFolder:
    def test_everything_in_it_is_read(self, folder: Path) -> None:
        guide = load_guide(folder)
        assert (guide.guide_id, guide.title, guide.version) == ("iron", "Iron infusion", "7")
        assert (guide.reviewed_on, guide.dose_section) == ("2026-01-31", "Uses")
        assert guide.cards == {"Rash": "info"}
        assert guide.subject == ("iron", "ferrous")
        assert [(e.say, e.means, e.weight) for e in guide.lexicon] == [
            (("sore head",), ("headache",), 0.4),
            (("itch",), ("rash",), 0.5),
        ]
        assert [q.text for q in guide.questions] == [
            "where do I keep it",
            "does it go in the fridge",
        ]
        assert [(t.topic_id, t.words[0], t.near) for t in guide.absent] == [
            ("cost", "price", ("uses-1",))
        ]
        assert [p.passage_id for p in guide.passages] == [
            "introduction-1",
            "uses-1",
            "headache-1",
            "rash-1",
            "storage-1",
            "conclusion-1",
        ]

    def test_the_text_alone_is_enough(self, folder: Path) -> None:
        for name in ("guide", "lexicon", "questions", "absent"):
            (folder / f"{name}.toml").unlink()
        guide = load_guide(folder)
        assert (guide.guide_id, guide.title, guide.language) == ("iron", "Iron", "en")
        assert guide.version == guide.sha256[:12]

    def test_guide_txt_stands_for_its_folder(self, folder: Path) -> None:
        assert load_guide(folder / "guide.txt") == load_guide(folder)

    def test_withheld_words_are_found_across_line_ends_and_everywhere(self, folder: Path) -> None:
        (folder / "guide.txt").write_text(TEXT + "\n\nSkin. No skin\ntreatment.\n")
        guide = load_guide(folder)
        assert [guide.source[a:b] for a, b in guide.withheld] == [
            "skin treatment",
            "skin\ntreatment",
        ]


class TestABareFile:
    def test_takes_id_and_title_from_its_name(self, tmp_path: Path) -> None:
        file = tmp_path / "Iron_Infusion-2.txt"
        file.write_text("Keep it cold.")
        guide = load_guide(file)
        assert (guide.guide_id, guide.title) == ("iron-infusion-2", "Iron Infusion 2")
        assert guide.passages[0].section == "Iron Infusion 2"

    def test_markdown_takes_the_title_from_its_first_heading(self, tmp_path: Path) -> None:
        file = tmp_path / "iron.md"
        file.write_text("# All about *iron*\n\nKeep it **cold**.")
        guide = load_guide(file)
        assert (guide.title, guide.markup) == ("All about iron", "markdown")
        assert guide.display(guide.passages[0].text) == "Keep it cold."

    def test_line_ends_and_byte_order_mark_are_kept_in_the_source(self, tmp_path: Path) -> None:
        file = tmp_path / "iron.txt"
        file.write_bytes(b"\xef\xbb\xbfUses\r\n\r\nKeep it cold.\r\n")
        guide = load_guide(file)
        assert guide.source == "\ufeffUses\r\n\r\nKeep it cold.\r\n"
        assert guide.passages[0].text == "Keep it cold."


class TestFaults:
    @pytest.mark.parametrize(
        ("raw", "found"),
        [
            (b"", "an empty file"),
            (b" \n\n", "an empty file"),
            (b"*** --- ***", "no passages"),
            (b"GIF89a\0\0", "a binary file (NUL at byte 6)"),
            ("Uses".encode("utf-16"), "UTF-16"),
            (b"Uses\n\ncaf\xe9 au lait", "not UTF-8 at byte 9"),
            (b"a " * 1_000_001, "over 2 MB"),
        ],
    )
    def test_of_the_text(self, folder: Path, raw: bytes, found: str) -> None:
        error = fault(folder, "guide.txt", raw)
        assert error.found == found
        assert "guide.txt" in error.where

    def test_not_utf8_names_the_line(self, folder: Path) -> None:
        assert fault(folder, "guide.txt", b"Uses\n\ncaf\xe9").where.endswith("guide.txt:3")

    def test_missing_file_folder_and_text(self, tmp_path: Path) -> None:
        for path, found in (
            (tmp_path / "none", "no such file or folder"),
            (tmp_path / "none.txt", "no such file or folder"),
            (tmp_path, "no guide.txt and no guide.md"),
        ):
            with pytest.raises(GuideError) as caught:
                load_guide(path)
            assert caught.value.found == found

    def test_two_texts(self, folder: Path) -> None:
        assert fault(folder, "guide.md", "# Iron\n\nText.").found == "both guide.txt and guide.md"

    def test_a_file_of_another_type(self, tmp_path: Path) -> None:
        (tmp_path / "iron.pdf").write_text("Text.")
        with pytest.raises(GuideError, match=r"'\.pdf'; expected \.txt or \.md"):
            load_guide(tmp_path / "iron.pdf")

    def test_another_text_than_the_manifest_describes(self, folder: Path) -> None:
        error = fault(folder, "guide.toml", f'sha256 = "{"0" * 64}"')
        assert error.expected == "0" * 64
        assert error.where == "iron/guide.toml:1 sha256"

    @pytest.mark.parametrize(
        ("file", "text", "message"),
        [
            ("guide.toml", "title = x", "guide.toml: cannot be read (Invalid value (at line 1"),
            ("guide.toml", 'titel = "x"', "guide.toml:1 titel: unknown key 'titel'; expected perh"),
            ("guide.toml", "title = 5", "guide.toml:1 title: 5; expected a text"),
            ("guide.toml", 'id = "A B"', "guide.toml:1 id: 'A B'; expected lower-case letters"),
            ("guide.toml", 'review_by = "soon"', "guide.toml:1 review_by: 'soon'; expected a date"),
            (
                "guide.toml",
                'dose_section = "Use"',
                "guide.toml:1 dose_section: no section 'Use'; expected perhaps 'Uses'",
            ),
            (
                "guide.toml",
                '[cards]\n"Rush" = "info"',
                "guide.toml:2 [cards] Rush: no section 'Rush'; expected perhaps 'Rash'",
            ),
            (
                "guide.toml",
                '[cards]\n"Rash" = "loud"',
                "guide.toml:2 [cards] Rash: 'loud'; expected emergency or urgent or info",
            ),
            (
                "guide.toml",
                '[[pair]]\na = "rash-1"\nb = "headake-1"',
                "guide.toml:3 [[pair]] b: no passage 'headake-1'; expected perhaps 'headache-1'",
            ),
            (
                "guide.toml",
                '[[withhold]]\ntext = "hair treatment"\nwhy = "a slip"',
                "guide.toml:2 [[withhold]] text: withheld words that the text does not hold",
            ),
            (
                "questions.toml",
                QUESTIONS + '[[section]]\npassage_id = "storrage-1"\nask = ["x"]',
                "questions.toml:5 [[section]] passage_id: no passage 'storrage-1'; expected perhaps"
                " 'storage-1'",
            ),
            (
                "questions.toml",
                '[[section]]\npassage_id = "storage-1"',
                "questions.toml:1 [[section]] ask: missing; expected a list of texts",
            ),
            (
                "absent.toml",
                ABSENT + ABSENT,
                "absent.toml:7 [[topic]] id: a second topic 'cost'; expected each id once",
            ),
            (
                "absent.toml",
                ABSENT.replace("uses-1", "use-1"),
                "absent.toml:5 [[topic]] near: no passage 'use-1'; expected perhaps 'uses-1'",
            ),
            (
                "lexicon.toml",
                '[[entry]]\nsay = ["x"]\nmeans = ["y"]\nweight = 3',
                "lexicon.toml:4 [[entry]] weight: 3; expected a number from 0 to 1",
            ),
            (
                "lexicon.toml",
                'subject = "iron"',
                "lexicon.toml:1 subject: 'iron'; expected a list of texts",
            ),
            (
                "lexicon.toml",
                "entry = 5",
                "lexicon.toml:1 entry: 5; expected tables under [[entry]]",
            ),
        ],
    )
    def test_of_the_data_name_line_and_remedy(
        self, folder: Path, file: str, text: str, message: str
    ) -> None:
        assert message in str(fault(folder, file, text))

    def test_problems_lists_them_all(self, folder: Path) -> None:
        (folder / "guide.toml").write_text('titel = "x"\ndose_section = "Nowhere"\n')
        (folder / "questions.toml").write_text("[[section]]\npassage_id = 'x-1'\nask = []\n")
        assert len(problems(folder)) == 4
        assert problems(folder.parent / "none") != []


class TestSeveralGuides:
    def test_are_found_by_folder_and_ordered_by_name(self, folder: Path) -> None:
        second = folder.parent / "a-guide"
        second.mkdir()
        (second / "guide.md").write_text("# A\n\nText.")
        (folder.parent / "gates").mkdir()
        (folder.parent / "clinic.toml").write_text("")
        assert list(load_guides(folder.parent)) == ["a-guide", "iron"]

    def test_of_one_id_are_a_fault(self, folder: Path) -> None:
        second = folder.parent / "other"
        second.mkdir()
        (second / "guide.txt").write_text("Keep it cold.")
        (second / "guide.toml").write_text('id = "iron"')
        with pytest.raises(GuideError, match="a second guide with id 'iron'"):
            load_guides(folder.parent)

    def test_a_folder_without_its_text_is_a_fault(self, folder: Path) -> None:
        (folder / "guide.txt").unlink()
        with pytest.raises(GuideError, match=r"no guide\.txt and no guide\.md"):
            load_guides(folder.parent)

    @pytest.mark.parametrize("name", ["", "nowhere"])
    def test_none_is_a_fault(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(GuideError, match=r"no guide|no such folder"):
            load_guides(tmp_path / name)
