"""From the body of a chat completion to what is asked of a provider. Nothing that decides the answer is dropped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from harness.models.streams import parse_object
from harness.routing.gateway.refusals import Refusal, malformed, unsupported
from harness.types import Message, Sampling

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a request."""
MAX_DEPTH = 64
"""Nested lists and objects; schemas of tools need a dozen."""

_ROLES = ("system", "developer", "user", "assistant", "tool")
_TEXT_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_SAMPLING = ("temperature", "top_p", "top_k", "seed")
_PASSED = (
    "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "logit_bias", "min_p",
)  # fmt: skip
_PENALTIES = ("presence_penalty", "frequency_penalty")
_WITHOUT_EFFECT = ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key")
"""About accounts, caches and logs of a vendor: no word of the answer depends on them, so they are not sent on."""
_NEUTRAL = {"n": 1, "logprobs": False, "top_logprobs": 0, "modalities": ["text"]}
"""Parameters that are taken with the value that changes nothing."""
_OTHER = ("model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop")
_RENAMED = ("repeat_penalty", "repetition_penalty")
_MESSAGE_KEYS = {"role", "content", "name", "tool_calls", "tool_call_id", "reasoning_content", "refusal"}


@dataclass(frozen=True)
class Asked:
    """A request that can be put to a provider."""

    messages: tuple[Message, ...]
    """Empty where they are in `passed`, because there is more to them than text."""
    sampling: Sampling
    """What the client wishes."""
    passed: dict[str, Any]
    stream: bool
    include_usage: bool


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body, with what no server or database takes put right. Raises Refusal."""
    try:
        body = parse_object(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise malformed("the body is not UTF-8") from None
    except ValueError as error:
        raise malformed(f"the body is not a JSON object: {error}") from None
    tidied: dict[str, Any] = _tidy(body)
    return tidied


def asked_of(body: dict[str, Any]) -> Asked:
    """What the body asks for. Raises Refusal naming the parameter that is wrong or not supported."""
    body = {key: value for key, value in body.items() if value is not None}
    _check_names(body)
    plain = _plain(_messages(body.get("messages")))
    passed = {key: body[key] for key in _PASSED if key in body}
    passed |= {key: _number(body, key) for key in _PENALTIES if body.get(key)}
    if plain is None:
        passed["messages"] = body["messages"]
    options = body.get("stream_options", {})
    if not isinstance(options, dict):
        raise malformed("`stream_options` is no object", "stream_options")
    return Asked(
        messages=plain or (),
        sampling=_sampling(body),
        passed=passed,
        stream=_flag(body, "stream"),
        include_usage=_flag(options, "include_usage"),
    )


def _check_names(body: dict[str, Any]) -> None:
    known = {
        *_OTHER, *_SAMPLING, *_RENAMED, *_PASSED, *_PENALTIES, *_WITHOUT_EFFECT, *_NEUTRAL,
    }  # fmt: skip
    for key, value in body.items():
        if key in _NEUTRAL and value != _NEUTRAL[key]:
            raise unsupported(key, f" other than {_NEUTRAL[key]!r}".lower())
        if key not in known:
            raise unsupported(key[:60])


def _messages(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not found:
        raise malformed("`messages` must be a list with at least one message", "messages")
    for index, message in enumerate(found):
        where = f"messages[{index}]"
        if not isinstance(message, dict):
            raise malformed(f"`{where}` is no object", where)
        if message.get("role") not in _ROLES:
            raise malformed(f"`{where}.role` must be one of {', '.join(_ROLES)}", f"{where}.role")
        for key, value in message.items():
            if key not in _MESSAGE_KEYS and key != "cache_control" and value is not None:
                raise unsupported(f"{where}.{key[:60]}")
        _check_content(message, where)
    return found


def _check_content(message: dict[str, Any], where: str) -> None:
    content = message.get("content")
    if isinstance(content, str):
        return
    if content is None:
        if message["role"] == "assistant" and (message.get("tool_calls") or message.get("refusal")):
            return
        raise malformed(f"`{where}.content` is missing", f"{where}.content")
    if not isinstance(content, list):
        raise malformed(f"`{where}.content` must be text or a list of parts", f"{where}.content")
    for number, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            continue
        if kind == "image_url":
            continue
        if isinstance(kind, str) and kind != "text":
            raise unsupported(f"{where}.content[{number}].type={kind[:60]}")
        raise malformed(f"`{where}.content[{number}]` is no part", f"{where}.content")


def _plain(messages: list[dict[str, Any]]) -> tuple[Message, ...] | None:
    """The messages as text, which every provider can answer; None where there is more to them."""
    found = []
    for message in messages:
        role, content = _TEXT_ROLES.get(message["role"]), message.get("content")
        more = any(value for key, value in message.items() if key not in ("role", "content", "cache_control"))
        if isinstance(content, list) and all(part["type"] == "text" for part in content):
            content = "\n".join(part["text"] for part in content)
        if role is None or more or not isinstance(content, str):
            return None
        found.append(Message.model_validate({"role": role, "content": content}))
    return tuple(found)


def _sampling(body: dict[str, Any]) -> Sampling:
    keys = {key: body[key] for key in _SAMPLING if key in body}
    for name in _RENAMED:
        if name in body:
            keys["repeat_penalty"] = body[name]
    for name in ("max_tokens", "max_completion_tokens"):
        if name in body:
            keys["max_tokens"] = body[name]
    stop = body.get("stop", [])
    keys["stop"] = [stop] if isinstance(stop, str) else stop
    try:
        return Sampling.model_validate(keys)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0])
        raise malformed(f"`{name}`: {first['msg']}", name) from None


def _number(body: dict[str, Any], key: str) -> float:
    value = body[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(f"`{key}` must be a number", key)
    return value


def _flag(body: dict[str, Any], key: str) -> bool:
    value = body.get(key, False)
    if value not in (True, False, None):
        raise malformed(f"`{key}` must be true or false", key)
    return bool(value)


def _tidy(value: Any, depth: int = 0) -> Any:
    """The value without lone surrogates; refuses what could not be sent on or stored and read again."""
    if depth > MAX_DEPTH:
        raise malformed(f"the body is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_tidy(key): _tidy(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_tidy(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise malformed("the body has a number that is too large")
    return value


def model_of(body: dict[str, Any]) -> str:
    """The name of the model that is asked for. Raises Refusal where there is none."""
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise malformed("`model` is missing: the name of a model that GET /v1/models lists", "model")
    return name


def unknown_model(name: str, known: list[str]) -> Refusal:
    """404 with the names there are."""
    return Refusal(
        404, "model_not_found", f"there is no model {name[:100]!r} here; there is {', '.join(known)}", param="model"
    )
