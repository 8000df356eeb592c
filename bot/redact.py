"""Takes what names a person out of a text: who, where, when, and any number that is a handle.

Doses, ages and years stay, since they say what was asked. Patterns find what they know, never
everything: a redacted text is still to be handled as a patient's words.
"""

from __future__ import annotations

import re

from bot.analysis import stop_words
from bot.text import fold_space, fold_word, normalise

MAX_CHARS = 500
"""Of a redacted text; longer ones are stories, and stories name people."""

_I = re.IGNORECASE
_UNITS = (
    r"(?:mg|mgs|mcg|mcgs|ug|µg|μg|ml|mls|cc|iu|ui|ie|g|kg|units?|unidades|unités|einheiten|"
    r"micro\w*|mikro\w*|mili\w*|milli\w*|gram\w*|pg|ng|pmol\w*|nmol\w*|mmol\w*|%)"
)
_UNIT_AFTER = re.compile(rf"\s?-?{_UNITS}(?![^\W\d_])", _I)
_YEAR = r"(?:1[89]|20)\d\d"
_YEARS_ALONE = re.compile(rf"{_YEAR}(?:[ ./-]{{1,3}}{_YEAR}){{0,3}}")

_MONTH = (
    r"(?:jan(?:uary|vier|uar|eiro)?|feb(?:ruary|ruar|rero)?|fev(?:ereiro)?|f[ée]v(?:rier)?"
    r"|mar(?:ch|zo|s|ço|co)?|m[äa]rz|apr(?:il)?|abr(?:il)?|avr(?:il)?|may|mayo|mai|maio"
    r"|jun[eih]?o?|juin|jul[yi]?o?|juillet|julho|aug(?:ust)?|ago(?:sto)?|ao[ûu]t"
    r"|sep(?:t(?:ember|embre|iembre)?)?|set(?:embro|iembre)?|oct(?:ober|obre|ubre)?|okt(?:ober)?"
    r"|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|dec(?:ember)?|d[ée]c(?:embre)?"
    r"|dic(?:iembre)?|dez(?:ember|embro)?|ene(?:ro)?)\b\.?"
)
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th|er|\.|º)?"
_OF = r"(?:,? (?:of |de |d')?| de |-|/)"

_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_SPOKEN_EMAIL = re.compile(
    r"(?<!\w)[\w.]{1,64} ?[\[(]? ?at ?[\])]? ?[\w-]{1,40} ?[\[(]? ?(?:dot|punkt|punto) ?[\])]? ?"
    r"(?:com|org|net|co|edu|gov|de|es|fr|pt|uk|br|mx)\b",
    _I,
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"]+|(?<![\w@])@\w{2,30}", _I)
_DATE = re.compile(
    rf"\b\d{{1,2}} ?[./-] ?\d{{1,2}} ?[./-] ?(?:{_YEAR}|\d\d)\b(?!\d)"
    rf"|\b{_YEAR} ?[./-] ?\d{{1,2}} ?[./-] ?\d{{1,2}}\b"
    rf"|(?<!\w){_DAY}{_OF}{_MONTH}(?:{_OF}{_YEAR})?"
    rf"|\b{_MONTH}{_OF}(?:{_DAY}(?!\w)(?:,? {_YEAR})?|{_YEAR})"
    rf"|(?<=\bon )\d{{1,2}}[./-]\d{{1,2}}\b|(?<=\bborn )\d{{1,2}}[./-]\d{{1,2}}\b",
    _I,
)
_RECORD = re.compile(
    r"\b(?P<kind>nhs|mrn|ssn|chi|hospital|patient|record|chart|case|file|policy|insurance|member"
    r"|medicare|medicaid|passport|passnummer|licen[cs]e|account|konto|dni|nie|nif|cpf|nino"
    r"|social security|national insurance|versicherten|id|ref|reference|pin|booking|appointment)"
    r"(?P<link>\W{0,3}(?:(?:number|numero|número|nummer|no|nr|num|id|code|is|was)\b\W{0,3}){0,3})"
    r"(?P<value>(?=[A-Z0-9/-]{0,20}\d)[A-Z0-9][A-Z0-9/-]{2,20}(?:[ -][A-Z0-9]{0,6}\d[A-Z0-9]{0,6}"
    r"){0,4})(?!\w)",
    _I,
)
_HANDLE = re.compile(
    r"\b[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]\b"  # national insurance
    r"|\b[A-Za-z]{1,3}-?\d{4,}\w{0,10}\b|\b\d{5,12}-?[A-Za-z]\b"
)
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ().\-/]{4,22}\d(?!\w)")
_LONG = re.compile(r"(?<![\w.,])\d{5,}(?![.,]?\d)")
_POSTCODE = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d(?!MG|ML|CC|IU|UG|AM|PM|ST|ND|RD|TH)[A-Z]{2}\b"
    r"|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b"
)
_STREET = re.compile(
    r"\b\d{1,5}[a-z]?,? (?:[\w'’.-]{1,30} ){1,3}(?i:street|road|avenue|boulevard|crescent|terrace"
    r"|lane|rd|ave|blvd)\b\.?"
    r"|\b\d{1,5}[a-z]?,? (?:[A-Z][\w'’.-]{1,30} ){1,3}(?:St|Drive|Dr|Close|Court|Ct|Way|Place|Pl"
    r"|Square|Gardens|Grove|Hill|Park|Row|Walk|Mews)\b\.?"
    r"|\b\d{1,5},? (?i:rue|avenue|boulevard|chemin) (?:[\w'’-]{1,30} ?){1,4}"
    r"|\b(?i:calle|avenida|plaza|rua|travessa) (?:[\w'’-]{1,30} ){0,4}?[\w'’-]{1,30},? \d{1,5}\b"
    r"|\b[A-ZÄÖÜ][\w-]{0,30}(?:straße|strasse|str\.|weg|platz|allee|gasse) ?\d{1,4}[a-z]?\b"
)
_HOME = re.compile(
    r"\b(?P<lead>(?:i|we) live (?:at|in|on|near)|my address is|vivo en|j'habite (?:à|a|au)?"
    r"|ich wohne in|moro em)(?P<value>(?: [\w'’.-]{1,30}){1,5})",
    _I,
)
_WORD = r"[^\W\d_][\w'’-]{0,30}"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][\w'’-]{0,30}"
_NAMED = re.compile(
    r"\b(?P<lead>(?:my|his|her|their|the|our) (?:full |first |last |sur|middle |baby's |son's )?"
    r"name(?:'s| is| was|:)?|name:|surname:|(?:i am|i'm|im|is|are|was) called|call me|named"
    r"|me llamo|mi nombre es|se llama|je m'appelle|mon nom est|s'appelle"
    r"|ich hei(?:ß|ss)e|mein name ist|hei(?:ß|ss)t|meu nome (?:é|e)|me chamo|chamo-me|se chama)"
    rf"(?P<value>,? {_WORD}(?: {_WORD}){{0,3}})",
    _I,
)
_TITLED = re.compile(
    r"\b(?P<lead>(?i:mr|mrs|ms|miss|mx|dr|doctor|prof|professor|nurse|sister|señora|señor|sra|sr"
    rf"|dra|herr|frau|monsieur|madame|mme)\b\.?)(?P<value> {_CAPITAL}(?: {_CAPITAL})?)"
)
_RELATED = re.compile(
    r"\b(?P<lead>(?i:my|our) (?i:wife|husband|son|daughter|mum|mom|mother|dad|father|brother"
    r"|sister|friend|partner|baby|child|gran|grandma|grandmother|grandad|grandpa|grandfather"
    r"|aunt|auntie|uncle|cousin|niece|nephew|boyfriend|girlfriend|neighbou?r|colleague|doctor|gp)"
    rf",?)(?P<value> {_CAPITAL}(?: {_CAPITAL})?)"
)
_I_AM = re.compile(
    rf"\b(?P<lead>(?i:i am|i'm|im|this is|it's))(?P<value> {_CAPITAL} {_CAPITAL})(?!\w)"
)
_SIGNED = re.compile(
    rf"(?P<lead>\b(?i:regards|thanks|thank you|cheers|sincerely|love)[,.!]?\s)"
    rf"(?P<value>{_CAPITAL}(?: {_CAPITAL})?)\s*$"
)
_PLAIN_WORD = re.compile(r"(?<!\[)[^\W\d_][\w'’-]{0,30}")
_NOT_NAMES = frozenset(
    "and but or i im ive because since so that which who whom with without from for to at in on of"
    " is am are was were be been have has had do does did can could should would will may my your"
    " his her their our a an the this it not no yes please what when how where why if after before"
    " y e et und o ou oder pero mais aber mas tengo tiene estoy soy j ai je ich habe bin eu tenho"
    " estou que con avec mit com".split()
)
_EDGES = ".,;:!?'’\"-"


def redact(text: str) -> str:
    """The text without what its patterns know to name a person, one line, 500 characters at most.

    Names after "my name is" and the like, titles and relatives, telephone and record numbers,
    e-mail addresses, links, dates with a day or a month and a year, streets and postcodes become
    a word in square brackets. Amounts, ages and years alone stay. English, Spanish, French,
    German and Portuguese; linear in the length of the text.
    """
    found = fold_space(normalise(text))
    for pattern in (_EMAIL, _SPOKEN_EMAIL):
        found = pattern.sub("[email]", found)
    found = _LINK.sub("[link]", found)
    found = _unless_dose(_DATE, "[date]", found)
    found = _RECORD.sub(_record, found)
    found = _unless_dose(_HANDLE, "[number]", found)
    for pattern in (_STREET, _POSTCODE):
        found = pattern.sub("[address]", found)
    found = _PHONE.sub(_phone, found)
    found = _unless_dose(_LONG, "[number]", found)
    found = _HOME.sub(_home, found)
    found = _without_names(found)
    return found if len(found) <= MAX_CHARS else found[: MAX_CHARS - 1].rstrip() + "…"


def _unless_dose(pattern: re.Pattern[str], mark: str, text: str) -> str:
    def put(match: re.Match[str]) -> str:
        return match.group() if _UNIT_AFTER.match(text, match.end()) else mark

    return pattern.sub(put, text)


def _record(match: re.Match[str]) -> str:
    value, rest = match["value"], match.string
    is_dose = _UNIT_AFTER.match(rest, match.end()) or re.fullmatch(rf"[\d.,]+{_UNITS}", value, _I)
    if is_dose or re.fullmatch(_YEAR, value):
        return match.group()
    return f"{match['kind']}{match['link']}[number]"


def _phone(match: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in match.group())
    if digits < 7 or _UNIT_AFTER.match(match.string, match.end()):
        return match.group()
    return match.group() if _YEARS_ALONE.fullmatch(match.group().strip()) else "[phone]"


def _home(match: re.Match[str]) -> str:
    kept = _after_name(match["value"].split())
    return f"{match['lead']} [address]{kept}"


def _without_names(text: str) -> str:
    """Names out, also where they are said again."""
    names: set[str] = set()

    def put(match: re.Match[str]) -> str:
        words = match["value"].split()
        n = _n_of_name(words)
        if n == 0:
            return match.group()
        names.update(word.strip(_EDGES) for word in words[:n])
        gap = " " if match["value"][:1].isspace() or match["value"][:1] == "," else ""
        return f"{match['lead']}{gap}[name]{_after_name(words)}"

    for pattern in (_NAMED, _TITLED, _RELATED, _I_AM, _SIGNED):
        text = pattern.sub(put, text)
    return _again(text, names)


def _again(text: str, names: set[str]) -> str:
    told = {fold_word(name) for name in names if len(name) > 2} - stop_words()
    if not told:
        return text

    def put(match: re.Match[str]) -> str:
        return "[name]" if fold_word(match.group()) in told else match.group()

    return _PLAIN_WORD.sub(put, text)


def _n_of_name(words: list[str]) -> int:
    """How many words from the first on may be a name."""
    for n, word in enumerate(words):
        if fold_word(word.strip(_EDGES)) in _NOT_NAMES:
            return n
        if word[-1:] in ".;:!?,":
            return n + 1
    return len(words)


def _after_name(words: list[str]) -> str:
    n = _n_of_name(words)
    rest = " ".join(words[n:])
    mark = words[n - 1][-1] if n and words[n - 1][-1] in ".;:!?," else ""
    return mark + (f" {rest}" if rest else "")
