"""Servers that speak OpenAI's HTTP: OpenAI, OpenRouter, vLLM, llama.cpp, LM Studio, ... (chat and completions).

They differ in which keys of a request they take. What a server refuses is learned from its 400s and sent in the other
known form, but a setting that decides what the model writes is never dropped: that is an error with its name.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models.bodies import Merged, reply_of
from harness.models.caller import Caller
from harness.models.failures import Refused, excerpt, masked, reported
from harness.models.messages import openai_messages
from harness.models.streams import DONE, parse_object, sse_data
from harness.models.wire import Http, Incoming
from harness.types import Reply, Request, Sampling

_PENALTIES = ("repeat_penalty", "repetition_penalty")
"""One setting, two names: llama.cpp and LM Studio the first, vLLM and OpenRouter the second. Others ignore both."""


class OpenAICompatible:
    """One model of one server."""

    PASSES = True
    """Sends `Request.passed`."""

    def __init__(self, profile: ModelProfile, *, base_url: str = "", api_key: str = "") -> None:
        """`base_url` and `api_key` replace the profile's, for a server that the caller started."""
        self._profile = profile
        key = api_key or (os.environ.get(profile.api_key_env, "").strip() if profile.api_key_env else "")
        self._http = Http(profile, base_url or profile.base_url, key)
        self._refused: set[str] = set()
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Reply:
        """One exchange, or a few while the server's dialect is learned. Raises ProviderError."""
        while True:
            path, body = self._body(request)
            try:
                return self._exchange(path, body, request.caller)
            except Refused as error:
                if not self._learned(error, body, request.passed):
                    raise

    def identity(self) -> dict[str, str]:
        """Address, the server's name and version, the model as it lists it."""
        found = {"base_url": masked(self._http.base_url), "status": "answers"}
        try:
            listed = self._http.ask(f"{self._http.base_url}/models")
            models = [item for item in listed.json().get("data") or [] if isinstance(item, dict)]
        except ProviderError as error:
            return {**found, "status": f"no answer: {error.message}"}
        wanted = self._profile.model
        known = next((item for item in models if item.get("id") == wanted), models[0] if len(models) == 1 else {})
        owner = str(known.get("owned_by") or "")
        found |= {"server": listed.server or owner, "served": str(known.get("id") or "")}
        if wanted and models and not known:
            found["status"] = f"answers, but does not list {wanted}"
        # A version that cannot be had is no reason to doubt the rest.
        with suppress(ProviderError):
            found |= self._version(owner)
        return found

    def close(self) -> None:
        self._http.close()

    def _version(self, owner: str) -> dict[str, str]:
        root = self._http.base_url.removesuffix("/v1")
        if owner == "llamacpp":
            props = self._http.ask(f"{root}/props").json()
            settings = props.get("default_generation_settings") or {}
            named = {
                "version": props.get("build_info"),
                "file": str(props.get("model_path") or "").rpartition("/")[2],
                "slots": props.get("total_slots"),
                "ctx_per_slot": settings.get("n_ctx") if isinstance(settings, dict) else None,
            }
            return {key: str(value) for key, value in named.items() if value}
        if owner == "vllm":
            return {"version": str(self._http.ask(f"{root}/version").json().get("version") or "")}
        return {}

    def _body(self, request: Request) -> tuple[str, dict[str, Any]]:
        profile = self._profile
        body: dict[str, Any] = {"model": profile.model} if profile.model else {}
        if request.prompt is None:
            path = "/chat/completions"
            body["messages"] = openai_messages(request.messages)
        else:
            path = "/completions"
            body["prompt"] = request.prompt
        body |= sampling_keys(request.sampling, profile.base_url)
        with self._lock:
            refused = set(self._refused)
        if "max_tokens" in refused and "max_tokens" in body:
            body["max_completion_tokens"] = body.pop("max_tokens")
        if profile.stream and "stream" not in refused:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        for key in refused - {"max_tokens", "stream"}:
            body.pop(key, None)
        return path, {**body, **request.passed, **profile.extra}

    def _learned(self, error: Refused, body: dict[str, Any], passed: dict[str, Any]) -> bool:
        """Whether the request can be put differently; remembers how."""
        if error.status not in (400, 422):
            return False
        key = next((key for key in _adaptable(body) if _names(error.body, key)), None)
        if key is None or key in self._profile.extra or key in passed:
            return False
        with self._lock:
            self._refused.add(key)
        return True

    def _exchange(self, path: str, body: dict[str, Any], caller: Caller | None) -> Reply:
        started = time.monotonic()
        with self._http.post(path, body, caller) as incoming:
            if incoming.content_type == "text/event-stream":
                return self._streamed(incoming, started, caller)
            whole = incoming.json()
            seconds = time.monotonic() - started
        if whole.get("error") and not whole.get("choices"):
            raise reported(self._profile, whole["error"])
        return self._reply(whole, seconds)

    def _streamed(self, incoming: Incoming, started: float, caller: Caller | None) -> Reply:
        merged, first, done = Merged(), None, False
        try:
            for chunk in self._chunks(incoming, merged):
                if chunk is None:
                    done = True
                    break
                if merged.add(chunk) and first is None:
                    first = time.monotonic() - started
                if caller is not None:
                    caller.delta(*merged.last)
        except (httpx.TransportError, OSError):
            # The reply is whole once the model said why it stopped; a trial is not worth losing for the counts.
            if not merged.finished:
                raise
        if not (done or merged.finished):
            raise Refused(
                f"the stream of {self._profile.name} was cut off after {merged.characters} characters", retryable=True
            )
        return self._reply(merged.body(), time.monotonic() - started, first)

    def _chunks(self, incoming: Incoming, merged: Merged) -> Iterator[dict[str, Any] | None]:
        """The chunks of a stream, None for its end mark. Raises ProviderError for a failure the server reports."""
        for data in sse_data(incoming.lines()):
            if data.strip() == DONE:
                yield None
                return
            try:
                chunk = parse_object(data)
            except ValueError as error:
                raise Refused(
                    f"the stream of {self._profile.name} has a broken event ({error}): {excerpt(data, 120)}",
                    retryable=True,
                    body=data,
                ) from None
            if chunk.get("error"):
                raise reported(self._profile, chunk["error"], where=f" after {merged.characters} characters")
            yield chunk

    def _reply(self, body: dict[str, Any], seconds: float, first_token_s: float | None = None) -> Reply:
        try:
            return reply_of(body, seconds=seconds, first_token_s=first_token_s)
        except ValueError as error:
            raise Refused(
                f"the server of {self._profile.name} sent no reply ({error}): {excerpt(str(body), 120)}",
                retryable=True,
                body=str(body),
            ) from None


def sampling_keys(sampling: Sampling, base_url: str = "") -> dict[str, Any]:
    """A sampling profile in the keys of OpenAI-shaped requests; what is None is left out."""
    keys: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
        **dict.fromkeys(_PENALTIES, sampling.repeat_penalty),
    }
    if sampling.think is not None:
        if urlsplit(base_url).hostname == "openrouter.ai":
            keys["reasoning"] = {"enabled": sampling.think}
        else:
            # llama.cpp, vLLM, SGLang. OpenAI's own models take `reasoning_effort`, through `extra`.
            keys["chat_template_kwargs"] = {"enable_thinking": sampling.think}
    return {key: value for key, value in keys.items() if value is not None}


def _adaptable(body: dict[str, Any]) -> list[str]:
    """Keys of this request that can be sent differently without changing what the model writes."""
    keys: list[str] = [key for key in ("stream_options", "stream") if key in body]
    if "max_tokens" in body:
        keys.append("max_tokens")
    if all(name in body for name in _PENALTIES):
        keys.extend(_PENALTIES)
    return keys


def _names(text: str, key: str) -> bool:
    """Whether an error is about this key; `max_tokens` also stands in errors about prompts that are too long."""
    wanted = "max_completion_tokens" if key == "max_tokens" else key
    return re.search(rf"\b{wanted}\b", text) is not None
