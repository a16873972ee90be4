"""The four wire formats, from the server's side: how each says the same thing, whole and streamed."""

from __future__ import annotations

import importlib.util
import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pytest

from harness.config import ModelProfile
from harness.types import Message, Request, Sampling
from tests.servers.scripted import Exchange, Step

TEXT = "```python\ndef add(a, b):\n    return a + b  # ∑\n```"
USAGE = (12, 34)


class Wire(ABC):
    """One endpoint of one kind of server. `stream` is what the client asks for, and what it gets."""

    name: ClassVar[str]
    provider: ClassVar[str]
    path: ClassVar[str]
    style: ClassVar[str] = "chat"
    kind: ClassVar[str] = "text/event-stream"
    base: ClassVar[str] = "/v1"

    def __init__(self, *, stream: bool) -> None:
        self.stream = stream

    def __str__(self) -> str:
        return f"{self.name}-{'stream' if self.stream else 'whole'}"

    def profile(self, url: str, **keys: Any) -> ModelProfile:
        return ModelProfile(
            **{
                "name": "tested",
                "provider": self.provider,
                "model": "m-1",
                "base_url": url + self.base,
                "style": self.style,
                "stream": self.stream,
                "timeout_s": 10.0,
                **keys,
            }
        )

    def request(self, **sampling: Any) -> Request:
        if self.style == "completion":
            return Request(prompt="def add(a, b):\n", sampling=Sampling(**sampling))
        messages = (Message(role="system", content="Be brief."), Message(role="user", content="Write add."))
        return Request(messages=messages, sampling=Sampling(**sampling))

    def says(self, text: str = TEXT, thinking: str = "", *, finish: str = "stop", usage: bool = True) -> Step:
        """The step that answers with this."""

        def step(exchange: Exchange) -> None:
            if self.stream:
                exchange.stream(self.parts(text, thinking, finish, usage), self.kind)
            else:
                exchange.json(self.whole(text, thinking, finish, usage))

        return step

    def cut(self) -> Step:
        """Half an answer, then the connection is gone."""

        def step(exchange: Exchange) -> None:
            if self.stream:
                exchange.stream(self.parts(TEXT, "", "stop", True)[:2], self.kind, end=False)
            else:
                body = json.dumps(self.whole(TEXT, "", "stop", True)).encode()
                exchange.stream([body[: len(body) // 2]], "application/json", end=False)

        return step

    def seed_of(self, body: dict[str, Any]) -> Any:
        return body.get("seed")

    @abstractmethod
    def whole(self, text: str, thinking: str, finish: str, usage: bool) -> dict[str, Any]:
        """The body without a stream."""

    @abstractmethod
    def parts(self, text: str, thinking: str, finish: str, usage: bool) -> list[bytes]:
        """The chunks of a stream: one or more of text, the end last."""


def _sse(*events: dict[str, Any]) -> list[bytes]:
    return [f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events] + [b"data: [DONE]\n\n"]


def _halves(text: str) -> list[str]:
    return [part for part in (text[: len(text) // 2], text[len(text) // 2 :]) if part]


_USAGE = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "prompt_tokens_details": {"cached_tokens": 2}}


class Chat(Wire):
    """OpenAI's /chat/completions."""

    name, provider, path = "chat", "openai_compatible", "/v1/chat/completions"

    def whole(self, text: str, thinking: str, finish: str, usage: bool) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, **({"reasoning_content": thinking} if thinking else {})}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        counts = {"usage": _USAGE} if usage else {}
        return {"id": "x-1", "object": "chat.completion", "model": "m-1-served", "choices": [choice], **counts}

    def parts(self, text: str, thinking: str, finish: str, usage: bool) -> list[bytes]:
        def event(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return {"id": "x-1", "object": "chat.completion.chunk", "model": "m-1-served", "choices": [choice]}

        events = [event({"role": "assistant", "content": None})]
        events += [event({"reasoning_content": part}) for part in _halves(thinking)]
        events += [event({"content": part}) for part in _halves(text)]
        events.append(event({}, finish))
        if usage:
            events.append({"id": "x-1", "model": "m-1-served", "choices": [], "usage": _USAGE})
        return [b": keep-alive\n\n", *_sse(*events)]


class Completion(Wire):
    """OpenAI's /completions."""

    name, provider, path, style = "completion", "openai_compatible", "/v1/completions", "completion"

    def whole(self, text: str, thinking: str, finish: str, usage: bool) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "finish_reason": finish, **({"reasoning": thinking} if thinking else {})}
        counts = {"usage": _USAGE} if usage else {}
        return {"id": "x-1", "object": "text_completion", "model": "m-1-served", "choices": [choice], **counts}

    def parts(self, text: str, thinking: str, finish: str, usage: bool) -> list[bytes]:
        def event(part: str, finish: str | None = None, **more: Any) -> dict[str, Any]:
            choice = {"index": 0, "text": part, "finish_reason": finish, **more}
            return {"id": "x-1", "object": "text_completion", "model": "m-1-served", "choices": [choice]}

        events = [event("", reasoning=thinking)] if thinking else []
        events += [event(part) for part in _halves(text)]
        last = event("", finish)
        return _sse(*events, {**last, "usage": _USAGE} if usage else last)


class OllamaChat(Wire):
    """Ollama's /api/chat."""

    name, provider, path, base = "ollama_chat", "ollama", "/api/chat", ""
    kind = "application/x-ndjson"

    def seed_of(self, body: dict[str, Any]) -> Any:
        return body.get("options", {}).get("seed")

    def _line(self, text: str, thinking: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, **({"thinking": thinking} if thinking else {})}
        return {"model": "m-1-served", "message": message, "done": False}

    def whole(self, text: str, thinking: str, finish: str, usage: bool) -> dict[str, Any]:
        counts = {"prompt_eval_count": USAGE[0], "eval_count": USAGE[1]} if usage else {}
        return {**self._line(text, thinking), "done": True, "done_reason": finish, **counts}

    def parts(self, text: str, thinking: str, finish: str, usage: bool) -> list[bytes]:
        lines = [self._line("", part) for part in _halves(thinking)]
        lines += [self._line(part, "") for part in _halves(text)]
        lines.append(self.whole("", "", finish, usage))
        return [json.dumps(line).encode() + b"\n" for line in lines]


class OllamaGenerate(OllamaChat):
    """Ollama's /api/generate."""

    name, path, style = "ollama_generate", "/api/generate", "completion"

    def _line(self, text: str, thinking: str) -> dict[str, Any]:
        return {
            "model": "m-1-served",
            "response": text,
            "done": False,
            **({"thinking": thinking} if thinking else {}),
        }


class LiteLLMChat(Chat):
    """litellm's way to an OpenAI-shaped server: the same server, another client."""

    name, provider = "litellm", "litellm"

    def profile(self, url: str, **keys: Any) -> ModelProfile:
        # The provider named in the model's id decides what litellm speaks.
        return super().profile(url, **{"model": "openai/m-1", "api_key_env": "TESTED_KEY", **keys})


WIRES: list[Wire] = [
    wire(stream=stream) for wire in (Chat, Completion, OllamaChat, OllamaGenerate) for stream in (True, False)
]
"""Every wire format of our own, streamed and whole."""

LITELLM: list[Wire] = [LiteLLMChat(stream=True), LiteLLMChat(stream=False)]
"""The same for litellm, whose wires are not ours."""

LITELLM_MARKS = (
    pytest.mark.skipif(importlib.util.find_spec("litellm") is None, reason="the extra `litellm` is not installed"),
    # Its own code warns, whatever it is asked to do.
    pytest.mark.filterwarnings("ignore"),
)
