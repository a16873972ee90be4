"""The bodies of OpenAI-shaped servers: one whole body, or chunks of a stream merged into the body they stand for."""

from __future__ import annotations

from typing import Any

from harness.types import Reply, Usage

_THINKING = ("reasoning_content", "reasoning")
"""What servers call thinking: DeepSeek, llama.cpp and older vLLM the first, OpenRouter and newer vLLM the second."""


class Merged:
    """A body put together from chunks: what the server would have sent without `stream`."""

    def __init__(self) -> None:
        self._top: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._parts: dict[str, list[str]] = {}
        self._choice: dict[str, Any] = {"index": 0}
        self._tools = ToolCalls()
        self.chunks = 0
        self.last = ("", "")
        """Text and thinking of the last chunk."""

    def add(self, chunk: dict[str, Any]) -> bool:
        """Take in one chunk; True if it carried text or thinking."""
        self.chunks += 1
        self.last = ("", "")
        self._top.update({key: value for key, value in chunk.items() if key != "choices" and value is not None})
        spoke = False
        for choice in _objects(chunk.get("choices"))[:1]:
            for key, value in choice.items():
                if key in ("text", *_THINKING):
                    spoke |= self._grow(key, plain(value))
                elif key != "delta" and value is not None:
                    self._choice[key] = value
            delta = choice.get("delta")
            for key, value in (delta if isinstance(delta, dict) else {}).items():
                if key in ("content", *_THINKING):
                    spoke |= self._grow(key, plain(value))
                elif key == "tool_calls":
                    self._tools.add(value)
                elif value is not None:
                    self._message[key] = value
        return spoke

    def _grow(self, key: str, text: str) -> bool:
        self._parts.setdefault(key, []).append(text)
        said, thought = self.last
        self.last = (said, thought + text) if key in _THINKING else (said + text, thought)
        return bool(text)

    @property
    def finished(self) -> bool:
        """The model said why it stopped: nothing but counts can follow."""
        return bool(self._choice.get("finish_reason"))

    @property
    def characters(self) -> int:
        return sum(len(part) for parts in self._parts.values() for part in parts)

    def body(self) -> dict[str, Any]:
        """The merged body, in the shape of one that was not streamed."""
        texts = {key: "".join(parts) for key, parts in self._parts.items()}
        choice = dict(self._choice)
        if "text" in texts:
            choice |= texts
        else:
            calls = self._tools.whole()
            choice["message"] = {
                "role": "assistant",
                "content": "",
                **self._message,
                **({"tool_calls": calls} if calls else {}),
                **texts,
            }
        # A chunk calls itself one; the body it became part of is none.
        top = dict(self._top)
        if isinstance(top.get("object"), str):
            top["object"] = top["object"].removesuffix(".chunk")
        return {**top, "choices": [choice], "streamed_chunks": self.chunks}


class ToolCalls:
    """Tool calls put together from the pieces of a stream: names come whole, arguments in parts."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, Any]] = {}
        self._arguments: dict[int, list[str]] = {}

    def add(self, deltas: Any) -> None:
        """Take in the `tool_calls` of one delta."""
        for delta in _objects(deltas):
            place = self._place(delta)
            call = self._calls.setdefault(place, {"type": "function", "function": {"name": ""}})
            function = delta.get("function")
            for key, value in (function if isinstance(function, dict) else {}).items():
                if key == "arguments" and isinstance(value, str):
                    self._arguments.setdefault(place, []).append(value)
                elif value:
                    call["function"][key] = value
            call.update({key: value for key, value in delta.items() if key not in ("index", "function") and value})

    def whole(self) -> list[dict[str, Any]]:
        """The calls in the order of their indexes."""
        return [
            {**call, "function": {**call["function"], "arguments": "".join(self._arguments.get(place, []))}}
            for place, call in sorted(self._calls.items())
        ]

    def _place(self, delta: dict[str, Any]) -> int:
        index = _count(delta, "index")
        if index is not None:
            return index
        # Some servers leave the index out and send each call whole: a new id is a new call.
        last = max(self._calls, default=0)
        named = delta.get("id")
        return last + 1 if named and self._calls and self._calls[last].get("id") != named else last


def tool_calls_of(reply: Reply) -> list[dict[str, Any]]:
    """The tool calls in a reply of an OpenAI-shaped server."""
    choices = _objects(reply.raw.get("choices")) if isinstance(reply.raw, dict) else []
    message = choices[0].get("message") if choices else None
    return _objects(message.get("tool_calls")) if isinstance(message, dict) else []


def reply_of(body: dict[str, Any], *, seconds: float, first_token_s: float | None = None) -> Reply:
    """The reply in a body. Raises ValueError where it has no choice to read."""
    choices = _objects(body.get("choices"))
    if not choices:
        raise ValueError("no `choices` in it")
    choice = choices[0]
    message = choice.get("message")
    if not isinstance(message, dict):
        message = {}
    text = choice["text"] if isinstance(choice.get("text"), str) else plain(message.get("content"))
    thinking = next((plain(source[key]) for source in (message, choice) for key in _THINKING if source.get(key)), "")
    return Reply(
        text=text,
        thinking=thinking,
        finish_reason=str(choice.get("finish_reason") or ""),
        usage=usage_of(body.get("usage")),
        seconds=seconds,
        first_token_s=first_token_s,
        model=str(body.get("model") or ""),
        raw=body,
    )


def usage_of(usage: Any) -> Usage:
    """Token counts of a `usage` object; None for each count it does not have."""
    if not isinstance(usage, dict):
        return Usage()
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    cached = _count(prompt, "cached_tokens")
    return Usage(
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        # DeepSeek counts hits of its cache beside the details.
        cached_tokens=cached if cached is not None else _count(usage, "prompt_cache_hit_tokens"),
        reasoning_tokens=_count(completion, "reasoning_tokens"),
    )


def plain(content: Any) -> str:
    """The text of a `content`: a string, or a list of parts of which those of type text count."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in _objects(content) if isinstance(part.get("text"), str))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _count(value: Any, key: str) -> int | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
