"""The JSON of OpenAI's chat API, as far as it means anything here.

Requests may hold any other member: clients send many, and none of them changes a reply.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.http.models import ReplyModel, Text

MAX_MESSAGES = 1000
_EXAMPLE: dict[str, Any] = {
    "model": "quotewell",
    "messages": [{"role": "user", "content": "What are the side effects?"}],
}


def _texts(value: Any) -> Any:
    """Content parts -> the text in them, parted by lines; pictures and sounds are left out."""
    if not isinstance(value, list):
        return value
    parts = [part for part in value if isinstance(part, dict)]
    texts = [part.get("text") for part in parts if part.get("type") in ("text", "input_text")]
    return "\n".join(text for text in texts if isinstance(text, str))


def _describe_content(schema: dict[str, Any]) -> None:
    """Parts have become a text before the field is checked, so its own schema misses them."""
    parts: dict[str, Any] = {"type": "array", "items": {"type": "object"}}
    schema["anyOf"] = [{"type": "string"}, parts, {"type": "null"}]


class ChatMessage(BaseModel):
    """One message; only those of the role `user` are read."""

    role: str = Field(max_length=40)
    content: Annotated[Text | None, BeforeValidator(_texts)] = Field(
        None,
        description="A text, or a list of parts of which those of type text are read.",
        json_schema_extra=_describe_content,
    )


class StreamOptions(BaseModel):
    """What a stream holds beside the text."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A conversation; the last user message is answered.

    System, developer and tool messages, tools, temperature and all the rest change nothing.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    model: str = Field("quotewell", max_length=200, description="quotewell, or a guide's id.")
    messages: list[ChatMessage] = Field(min_length=1, max_length=MAX_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = Field(
        None, max_length=512, description="Names a visitor for the limits; not kept."
    )


class ChatText(BaseModel):
    """The reply as a message: its text, its notice, and where the quotations stand."""

    role: Literal["assistant"]
    content: str
    refusal: None = None


class ChatChoice(BaseModel):
    """The only choice there is."""

    index: int
    message: ChatText
    finish_reason: Literal["stop"]
    logprobs: None = None


class ChatUsage(BaseModel):
    """All zero: there is no model."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """The reply in the form of OpenAI's API; `quotewell` is the reply itself."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str = Field(description="The version of gates, wording and thresholds.")
    choices: list[ChatChoice]
    usage: ChatUsage
    quotewell: ReplyModel = Field(description="Outcome, excerpts, card: what a program acts on.")


class ChatModel(BaseModel):
    """A guide in the form of a model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ChatModels(BaseModel):
    """All guides, and the name quotewell for the default one."""

    object: Literal["list"]
    data: list[ChatModel]


class ChatErrorBody(BaseModel):
    """What is wrong."""

    model_config = ConfigDict(extra="allow")

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ChatError(BaseModel):
    """An error in the form of OpenAI's API."""

    error: ChatErrorBody
