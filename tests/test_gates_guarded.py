"""Sentences of a guide in other languages: a dose is kept back there as it is in English."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.analysis import Clause, words_of
from bot.answer.load import make_ready
from bot.guide import load_guide
from tests.core_help import real_gates

DOSES = {
    "es": [
        "La dosis habitual es de 1000 microgramos.",
        "Las inyecciones se administran cada tres meses.",
        "Tome un comprimido dos veces al día.",
        "Se dan seis inyecciones en dos semanas.",
        "Introduzca la aguja con un ángulo de noventa grados.",
        "Se aumenta a 500 mg.",
    ],
    "fr": [
        "La dose habituelle est de 1000 microgrammes.",
        "Les injections sont administrées tous les trois mois.",
        "Prenez un comprimé deux fois par jour.",
        "Six injections sont données en deux semaines.",
        "Enfoncez l’aiguille à angle droit.",
        "Attendez 24 heures avant de prendre les comprimés.",
    ],
    "de": [
        "Die übliche Dosis beträgt 1000 Mikrogramm.",
        "Die Spritzen werden alle drei Monate gegeben.",
        "Nehmen Sie zweimal täglich eine Tablette ein.",
        "Sechs Injektionen werden in zwei Wochen verabreicht.",
        "Stechen Sie die Nadel senkrecht ein.",
        "Erwachsene erhalten 0,5 ml.",
    ],
    "pt": [
        "A dose habitual é de 1000 microgramas.",
        "As injeções são aplicadas a cada três meses.",
        "Tome um comprimido duas vezes por dia.",
        "Seis injeções são dadas em duas semanas.",
        "Insira a agulha num ângulo de noventa graus.",
        "Espere 24 horas antes de tomar os comprimidos.",
    ],
}
LOOK_ALIKES = {
    "es": [
        "Los síntomas duran seis meses.",
        "La vitamina B12 se encuentra en la carne.",
        "El enrojecimiento desaparece dos días después de la inyección.",
        "Una de cada diez personas se siente cansada.",
        "Su médico adapta la dosis a usted.",
    ],
    "fr": [
        "Les symptômes durent six mois.",
        "La vitamine B12 se trouve dans la viande.",
        "La rougeur disparaît deux jours après l’injection.",
        "Une personne sur dix se sent fatiguée.",
        "Votre médecin adapte la dose à votre état.",
    ],
    "de": [
        "Die Beschwerden dauern sechs Monate.",
        "Vitamin B12 steckt in Fleisch und Fisch.",
        "Die Rötung verschwindet zwei Tage nach der Spritze.",
        "Etwa einer von zehn Menschen fühlt sich müde.",
        "Ihr Arzt passt die Dosis an Sie an.",
    ],
    "pt": [
        "Os sintomas duram seis meses.",
        "A vitamina B12 encontra-se na carne.",
        "A vermelhidão desaparece dois dias depois da injeção.",
        "Uma em cada dez pessoas sente-se cansada.",
        "O seu médico adapta a dose a si.",
    ],
}


def pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(language, text) for language, texts in table.items() for text in texts]


def withheld_in(folder: Path, text: str, manifest: str = "") -> dict[str, str]:
    """Each sentence of a guide, and why it is withheld; empty where it may be quoted."""
    (folder / "guide.md").write_text(text, encoding="utf-8")
    (folder / "guide.toml").write_text(manifest, encoding="utf-8")
    ready = make_ready(load_guide(folder), real_gates())
    return {
        ready.guide.source[s.start : s.end]: s.withheld
        for passage in ready.sentences.values()
        for s in passage
    }


class TestSentences:
    @pytest.mark.parametrize(("language", "text"), pairs(DOSES))
    def test_a_dose_is_kept_back_in_its_language(self, language: str, text: str) -> None:
        assert real_gates().withholds(Clause(words_of(text)), frozenset(("en", language)))

    @pytest.mark.parametrize(("language", "text"), pairs(LOOK_ALIKES))
    def test_what_only_looks_like_one_is_not(self, language: str, text: str) -> None:
        languages = frozenset(("en", language))
        assert real_gates().withholds(Clause(words_of(text)), languages) is None

    def test_a_letter_before_an_amount_makes_it_no_name(self) -> None:
        assert real_gates().withholds(Clause(words_of("A 10 ml injection is given")))
        assert not real_gates().withholds(Clause(words_of("vitamin B12 is given")))

    def test_what_looks_like_a_dose_is_named(self) -> None:
        gates = real_gates()
        lasting = gates.resembles(Clause(words_of("Symptoms last six months.")))
        assert lasting == ("lasting", ("six",))
        counted = gates.resembles(Clause(words_of("It is rare in people over 60.")))
        assert counted == ("count", ("60",))
        assert gates.resembles(Clause(words_of("Vitamin B12 is in meat."))) == ("", ())


class TestGuides:
    def test_a_bare_guide_shows_its_language_by_itself(self, tmp_path: Path) -> None:
        doses, others = DOSES["es"][:3], LOOK_ALIKES["es"][:3]
        text = "# Vitamina B12\n\n" + "\n\n".join(doses + others) + "\n"
        found = withheld_in(tmp_path, text)
        assert all(found[dose] for dose in doses)
        assert not any(found[other] for other in others)

    def test_the_manifest_names_the_language_of_short_lines(self, tmp_path: Path) -> None:
        text = "# B12\n\n- Semanal: comprimido\n- Mensual, inyección\n"
        assert not any(withheld_in(tmp_path, text).values())
        assert all(withheld_in(tmp_path, text, 'language = "es-MX"\n').values())

    def test_a_section_in_another_language_is_judged_in_it(self, tmp_path: Path) -> None:
        text = (
            "# B12\n\n## English\n\nThe nurse gives the injection and you rest for a while. "
            "Ask the team if you feel unwell afterwards.\n\n"
            "## Français\n\nPrenez un comprimé deux fois par jour avec un verre d’eau. "
            "Votre médecin adapte la dose à votre état.\n"
        )
        found = withheld_in(tmp_path, text)
        assert [text[:8] for text, why in found.items() if why] == ["Prenez u"]

    @pytest.mark.parametrize(
        ("dose", "other"),
        [
            (
                "Di solito si fanno le iniezioni ogni 3 mesi per tutta la vita.",
                "Questo è il modo in cui il medico decide la dose della vitamina B12 per te.",
            ),
            (
                "Взрослым вводят 500 мкг внутримышечно.",
                "Витамин B12 содержится в мясе и рыбе.",
            ),
            ("每次注射1000微克。", "维生素B12存在于肉类中。"),
        ],
    )
    def test_where_no_rule_reads_the_language_every_figure_counts(
        self, tmp_path: Path, dose: str, other: str
    ) -> None:
        found = withheld_in(tmp_path, f"# B12\n\n{dose}\n\n{other}\n")
        assert found[dose]
        assert not found[other]

    def test_a_manifest_with_an_unknown_language_is_believed(self, tmp_path: Path) -> None:
        text = "# B12\n\nTaka 5 kor.\n"
        assert not any(withheld_in(tmp_path, text).values())
        assert withheld_in(tmp_path, text, 'language = "is"\n') == {
            "Taka 5 kor.": "withheld.figure"
        }

    def test_hidden_characters_do_not_hide_an_amount(self, tmp_path: Path) -> None:
        found = withheld_in(tmp_path, "# B12\n\nAdults get 1000 m\u200bg of it.\n")
        assert list(found.values()) == ["withheld.amount"]
