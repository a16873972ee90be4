"""From a reply to what clients read: one body, or the events of a stream."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from harness.models.bodies import tool_calls_of
from harness.types import Reply, Usage

DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


class Answer:
    """The answer to one request: what its bodies and chunks have in common."""

    def __init__(self, model: str, *, include_usage: bool = False) -> None:
        """`model` is the name that the client asked for."""
        self._head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}
        self._include_usage = include_usage
        self._said = {"content": "", "reasoning_content": ""}
        self._begun = False

    def whole(self, reply: Reply) -> dict[str, Any]:
        """The body without a stream."""
        calls = tool_calls_of(reply)
        message: dict[str, Any] = {"role": "assistant", "content": reply.text or (None if calls else "")}
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply, calls)}
        head = {"object": "chat.completion", **self._head}
        return {**head, "choices": [choice], "usage": usage_object(reply.usage)}

    def delta(self, text: str, thinking: str) -> bytes:
        """Events for a piece of the reply."""
        self._said["content"] += text
        self._said["reasoning_content"] += thinking
        events = b""
        if thinking:
            events += self._event({"reasoning_content": thinking})
        if text:
            events += self._event({"content": text})
        return self._opening() + events

    def rest(self, reply: Reply) -> bytes:
        """Events for what of the reply did not come in pieces, and for its end."""
        whole = {"content": reply.text, "reasoning_content": reply.thinking}
        left = {key: text.removeprefix(self._said[key]) for key, text in whole.items()}
        events = self._opening()
        for key in ("reasoning_content", "content"):
            # What was said and is not how the reply begins cannot be taken back, nor be said again.
            if left[key] and whole[key].startswith(self._said[key]):
                events += self._event({key: left[key]})
        calls = tool_calls_of(reply)
        if calls:
            events += self._event({"tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]})
        events += self._event({}, finish=_finish(reply, calls))
        if self._include_usage:
            events += _sse({**self._chunk(), "choices": [], "usage": usage_object(reply.usage)})
        return events + DONE

    def _opening(self) -> bytes:
        """The event with the role, which comes first and once."""
        if self._begun:
            return b""
        self._begun = True
        return self._event({"role": "assistant", "content": ""})

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        # With `include_usage` every chunk has the key, and all but one have nothing in it.
        usage = {"usage": None} if self._include_usage else {}
        return _sse({**self._chunk(), "choices": [choice], **usage})

    def _chunk(self) -> dict[str, Any]:
        return {"object": "chat.completion.chunk", **self._head}


def error_event(body: dict[str, Any]) -> bytes:
    """The event that ends a stream which cannot be ended well; no `[DONE]` follows."""
    return _sse(body)


def usage_object(usage: Usage) -> dict[str, Any]:
    """Counts as OpenAI writes them; what no server counted is 0, as clients expect numbers."""
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    found: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if usage.cached_tokens is not None:
        found["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens is not None:
        found["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return found


def models_object(names: dict[str, str]) -> dict[str, Any]:
    """The list of models: name -> provider."""
    return {"object": "list", "data": [model_object(name, provider) for name, provider in names.items()]}


def model_object(name: str, provider: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": provider}


def _finish(reply: Reply, calls: list[dict[str, Any]]) -> str:
    return reply.finish_reason or ("tool_calls" if calls else "stop")


def _sse(event: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"
