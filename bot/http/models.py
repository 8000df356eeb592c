"""The JSON of the HTTP door: pydantic mirrors of the records, with examples for the document.

Requests are checked against these; replies are written from the records themselves, and the
tests hold them against these.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.records import CardLevel, NumberKind, NumberMode, Outcome, PassageKind

VISIT_ID = r"^[A-Za-z0-9_-]{16,64}$"
GUIDE_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$"


def _mend_surrogates(value: Any) -> Any:
    """An emoji that a client cut in half must not cost the visitor the reply."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if _is_torn(value) else value
    return value


def _is_torn(text: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in text)


Text = Annotated[str, BeforeValidator(_mend_surrogates)]


class AskRequest(BaseModel):
    """One message of a visitor: what was typed, or the passage that was tapped."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "What are the side effects?"},
                {"choice": "injection-site-reactions-1", "visit_id": "kitchen-tablet-0001"},
            ]
        }
    )

    question: Text | None = Field(
        None, description="What was typed, as it was typed. A long one is a reply `too_long`."
    )
    choice: Text | None = Field(
        None, max_length=300, description="The passage_id of a suggestion that was chosen."
    )
    visit_id: str | None = Field(
        None, pattern=VISIT_ID, description="Names the conversation; minted here when left out."
    )
    guide: str | None = Field(
        None, pattern=GUIDE_ID, description="Id of a guide; the default one when left out."
    )
    lang: str | None = Field(None, pattern=LANGUAGE, description="Language of the page, BCP 47.")
    channel: Literal["web", "kiosk"] = Field(
        "web", description="Which page asks; told apart in the figures only."
    )
    explain: bool = Field(False, description="Adds how the reply was decided.")

    @model_validator(mode="after")
    def _one_of_two(self) -> AskRequest:
        if (self.question is None) == (self.choice is None):
            raise ValueError("has to hold either question or choice")
        return self


class ExcerptModel(BaseModel):
    """Words of the guide: `source[start:end] == quote`, counted in code points."""

    guide: str
    passage_id: str
    section: str
    path: list[str]
    quote: str = Field(description="The exact slice of the source.")
    display: str = Field(description="The same without inline Markdown, white space folded.")
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sha256: str = Field(description="Of the source file's bytes.")
    url: str = Field(description="Opens the reading page at these words.")


class NumberModel(BaseModel):
    """A phone line."""

    label: str
    number: str
    mode: NumberMode
    hours: str
    kind: NumberKind


class CardModel(BaseModel):
    """Shown before anything else."""

    level: CardLevel
    title: str
    lines: list[str]
    numbers: list[NumberModel]


class SuggestionModel(BaseModel):
    """A section that can be asked for: send its passage_id as `choice`."""

    label: str
    passage_id: str


class ReplyModel(BaseModel):
    """What the visitor gets. A refusal or "not in the guide" is a reply like any other."""

    reply_id: str
    visit_id: str
    outcome: Outcome
    reason: str
    text: str = Field(description="Complete on its own, for doors that show nothing else.")
    excerpts: list[ExcerptModel]
    suggestions: list[SuggestionModel]
    card: CardModel | None
    notice: str
    lang: str
    guide_version: str
    policy_version: str
    explain: dict[str, Any] | None = None


class FeedbackRequest(BaseModel):
    """Whether a reply helped."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reply_id": "Vb3kq0Zr1xYt5w2A", "helpful": True}]}
    )

    reply_id: str = Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")
    helpful: bool = Field(strict=True)


class VerifyRequest(BaseModel):
    """Words that somebody says stand in a guide."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"quote": "These symptoms are usually transient and resolve on their own."}
            ]
        }
    )

    quote: Text = Field(min_length=1, max_length=10000)
    guide: str | None = Field(None, pattern=GUIDE_ID)

    @model_validator(mode="after")
    def _holds_words(self) -> VerifyRequest:
        if not self.quote.strip():
            raise ValueError("has to hold more than white space")
        return self


class PlaceModel(BaseModel):
    """Where a text stands in a guide."""

    section: str
    section_id: str
    passage_id: str | None = Field(description="The passage that holds all of it, if one does.")
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    url: str


class VerifyModel(BaseModel):
    """Whether the text stands in the guide word for word, white space aside, and where."""

    verbatim: bool
    guide: str
    version: str
    sha256: str
    places: list[PlaceModel] = Field(description="In guide order, ten at most.")


class ClinicModel(BaseModel):
    """The clinic's own facts, as every page shows them; texts are empty until filled in."""

    name: str
    phone: str
    hours: str
    address: str
    is_demo: bool = Field(description="True until the clinic has filled in its facts.")
    paused: bool
    numbers: list[NumberModel] = Field(description="Urgent lines, the most urgent first.")
    languages: list[str] = Field(description="Languages that the clinic has enabled.")
    default_guide: str
    max_question_chars: int = Field(description="In code points; a longer one is `too_long`.")


class GuideSummary(BaseModel):
    """A guide in the list of guides."""

    id: str
    title: str
    language: str
    version: str
    sha256: str
    is_default: bool
    url: str


class GuideList(BaseModel):
    """All guides that this server answers from."""

    guides: list[GuideSummary]


class PassageModel(BaseModel):
    """A unit that is indexed and quoted."""

    passage_id: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    kind: PassageKind
    url: str


class SectionModel(BaseModel):
    """A heading with its passages, in guide order."""

    section_id: str
    title: str
    path: list[str]
    passages: list[PassageModel]


class ReviewModel(BaseModel):
    """Who reviewed the guide and when; empty where its manifest does not say."""

    reviewed_by: str
    reviewed_on: str
    review_by: str


class GuideModel(GuideSummary):
    """A guide with its sections and review facts."""

    origin: str
    licence: str
    review: ReviewModel
    sections: list[SectionModel]


class VisitState(BaseModel):
    """Where a conversation stands."""

    visit_id: str
    guide_id: str
    turn: int
    last_outcome: Outcome | None
    last_reason: str
    last_passages: list[str]
    carried: list[str] = Field(description="Terms of the guide, never words of the visitor.")
    choices: list[str]
    more: str | None
    n_misses: int
    at: float = Field(description="Time of the last turn, seconds since the epoch.")


class VisitModel(BaseModel):
    """All that is kept about a visit; what was typed is not, unless the clinic samples it."""

    visit: VisitState | None = Field(description="Null once expired, where samples outlive it.")
    replies: list[dict[str, Any]] = Field(description="One row a reply, in order of time.")
    samples: list[dict[str, Any]] = Field(
        description="Questions of the visit that were kept, redacted; empty without sampling."
    )


class StatusModel(BaseModel):
    """The process answers."""

    status: str


class ReadyModel(BaseModel):
    """The server is fit to answer patients."""

    status: str
    checks: dict[str, bool]


class GuideVersion(BaseModel):
    """Which text of a guide is in force."""

    version: str
    sha256: str


class VersionModel(BaseModel):
    """What is running."""

    version: str
    policy_version: str
    guides: dict[str, GuideVersion]


class FieldError(BaseModel):
    """A rule that the request breaks; never the value."""

    model_config = ConfigDict(populate_by_name=True)

    where: str = Field(alias="in", description="body, path or query")
    pointer: str
    code: str
    detail: str


class ProblemModel(BaseModel):
    """An error, as RFC 9457 describes it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:quotewell:problem:unknown_guide",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "There is no guide of this id.",
                    "code": "unknown_guide",
                    "instance": "urn:quotewell:request:6f1b0c2a9d3e4f50",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    errors: list[FieldError] | None = None


class EventData(BaseModel):
    """What happened: ids and outcomes, never what was typed or quoted."""

    model_config = ConfigDict(extra="allow")

    reply_id: str
    visit_id: str | None = None
    channel: str | None = None
    guide: str | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    lang: str | None = None
    passage_ids: list[str] | None = None
    guide_version: str | None = None
    policy_version: str | None = None
    helpful: bool | None = None


class EventModel(BaseModel):
    """The body of a webhook."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "feedback.given",
                    "timestamp": "2026-11-22T10:00:00.000Z",
                    "data": {"reply_id": "Vb3kq0Zr1xYt5w2A", "helpful": True},
                }
            ]
        }
    )

    type: str
    timestamp: str = Field(description="When it happened, RFC 3339 in UTC.")
    data: EventData
