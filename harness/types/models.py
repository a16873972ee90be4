"""What goes to a model and what comes back: Request -> Reply."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from harness.types.base import Frozen
from harness.types.messages import Message
from harness.types.tasks import Task


class Sampling(Frozen):
    """How tokens are drawn; None leaves the server's default."""

    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    repeat_penalty: float | None = Field(default=None, gt=0)
    max_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = None
    """Base seed; every attempt derives its own from it and sends that."""
    think: bool | None = None
    """Whether a thinking model may think; None leaves it to the server."""
    stop: tuple[str, ...] = ()
    num_ctx: int | None = Field(default=None, ge=1)
    """Context window to ask for, tokens (Ollama, local)."""


class Usage(Frozen):
    """Tokens as the server counted them; None where it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class Request(Frozen):
    """What is asked of a provider: `messages` (style chat) or `prompt` (style completion)."""

    messages: tuple[Message, ...] = ()
    prompt: str | None = None
    sampling: Sampling = Sampling()
    task: Task | None = Field(default=None, exclude=True)
    """For providers that answer from a task or a recording; never sent anywhere."""
    repeat: int = 0
    attempt: int = 0
    turn: int = 0
    """Of a conversation: which of the model's own turns this asks for, from 0."""
    passed: dict[str, Any] = {}
    """Keys of an OpenAI-shaped body that a client of the gateway asked for and that nothing above has a place for
    (`tools`, `response_format`, `messages` with images, ...): sent as they are, or refused, never dropped."""
    caller: Any = Field(default=None, exclude=True, repr=False)
    """A `models.caller.Caller` that hears the reply while it is written and may give it up."""


class Reply(Frozen):
    """What came back, all of it."""

    text: str
    thinking: str = ""
    finish_reason: str = ""
    """`stop`, `length`, `content_filter`, ... in the words of the server."""
    usage: Usage = Usage()
    seconds: float = 0.0
    first_token_s: float | None = None
    model: str = ""
    """The model's name as the server reports it."""
    tries: int = 1
    raw: Any = None
    """The server's body, parsed JSON where it was JSON, otherwise text."""
