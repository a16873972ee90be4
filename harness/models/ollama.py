"""Ollama's own HTTP: `/api/chat`, and `/api/generate` with `raw` for completions. Its OpenAI door takes no `num_ctx`
and hides what a thinking model thought; this one does neither."""

from __future__ import annotations

import os
import time
from typing import Any

import httpx

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models.caller import Caller
from harness.models.failures import Refused, excerpt, masked, reported
from harness.models.messages import ollama_messages
from harness.models.streams import parse_object
from harness.models.wire import Http, Incoming
from harness.types import Reply, Request, Sampling, Usage

DEFAULT_URL = "http://127.0.0.1:11434"


class Ollama:
    """One model of one Ollama server."""

    def __init__(self, profile: ModelProfile) -> None:
        self._profile = profile
        key = os.environ.get(profile.api_key_env, "").strip() if profile.api_key_env else ""
        # People copy the address of the OpenAI door; both doors are the same server.
        base_url = (profile.base_url or DEFAULT_URL).rstrip("/").removesuffix("/v1").removesuffix("/api")
        self._http = Http(profile, base_url, key)

    def complete(self, request: Request) -> Reply:
        """One exchange. Raises ProviderError."""
        path, body = self._body(request)
        started = time.monotonic()
        with self._http.post(path, body, request.caller) as incoming:
            if incoming.content_type == "application/x-ndjson":
                return self._streamed(incoming, started, request.caller)
            whole = incoming.json()
            return self._reply(whole, time.monotonic() - started)

    def identity(self) -> dict[str, str]:
        """Address, version, and the digest of the model's files."""
        root = self._http.base_url
        found = {"base_url": masked(root), "server": "ollama", "status": "answers"}
        try:
            found["version"] = str(self._http.ask(f"{root}/api/version").json().get("version") or "")
            models = self._http.ask(f"{root}/api/tags").json().get("models") or []
        except ProviderError as error:
            return {**found, "status": f"no answer: {error.message}"}
        wanted = self._profile.model
        names = {wanted, f"{wanted}:latest"}
        known = next((item for item in models if isinstance(item, dict) and item.get("name") in names), None)
        if known is None:
            return {**found, "status": f"answers, but has no {wanted}: ollama pull {wanted}"}
        details = known.get("details")
        if isinstance(details, dict):
            found |= {key: str(details[key]) for key in ("parameter_size", "quantization_level") if details.get(key)}
        return {**found, "served": str(known["name"]), "digest": str(known.get("digest") or "")}

    def close(self) -> None:
        self._http.close()

    def _body(self, request: Request) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"model": self._profile.model, "stream": self._profile.stream}
        if request.prompt is None:
            path = "/api/chat"
            body["messages"] = ollama_messages(request.messages)
        else:
            path = "/api/generate"
            # Without `raw` the prompt would be wrapped in the model's chat template.
            body |= {"prompt": request.prompt, "raw": True}
        if request.sampling.think is not None:
            body["think"] = request.sampling.think
        options = option_keys(request.sampling)
        return path, {**body, **({"options": options} if options else {}), **self._profile.extra}

    def _streamed(self, incoming: Incoming, started: float, caller: Caller | None) -> Reply:
        said: dict[str, list[str]] = {"text": [], "thinking": []}
        first: float | None = None
        last: dict[str, Any] = {}
        chunks = 0
        try:
            for line in incoming.lines():
                if not line.strip():
                    continue
                last, chunks = self._object(line), chunks + 1
                if last.get("error"):
                    raise reported(self._profile, last["error"], where=f" in line {chunks} of its stream")
                text, thinking = _said(last)
                said["text"].append(text)
                said["thinking"].append(thinking)
                if (text or thinking) and first is None:
                    first = time.monotonic() - started
                if caller is not None:
                    caller.delta(text, thinking)
        except (httpx.TransportError, OSError):
            if not last.get("done"):
                raise
        text, thinking = "".join(said["text"]), "".join(said["thinking"])
        if not last.get("done"):
            raise Refused(
                f"the stream of {self._profile.name} was cut off after {len(text)} characters", retryable=True
            )
        whole = _with(last, text, thinking) | {"streamed_chunks": chunks}
        return self._reply(whole, time.monotonic() - started, first)

    def _object(self, line: str) -> dict[str, Any]:
        try:
            return parse_object(line)
        except ValueError as error:
            raise Refused(
                f"the stream of {self._profile.name} has a broken line ({error}): {excerpt(line, 120)}", retryable=True
            ) from None

    def _reply(self, body: dict[str, Any], seconds: float, first_token_s: float | None = None) -> Reply:
        if body.get("error"):
            raise reported(self._profile, body["error"])
        if "message" not in body and "response" not in body:
            raise Refused(
                f"the server of {self._profile.name} sent no reply: {excerpt(str(body), 120)}", retryable=True
            )
        text, thinking = _said(body)
        return Reply(
            text=text,
            thinking=thinking,
            finish_reason=str(body.get("done_reason") or ""),
            usage=Usage(
                prompt_tokens=_count(body.get("prompt_eval_count")), completion_tokens=_count(body.get("eval_count"))
            ),
            seconds=seconds,
            first_token_s=first_token_s,
            model=str(body.get("model") or ""),
            raw=body,
        )


def option_keys(sampling: Sampling) -> dict[str, Any]:
    """A sampling profile in Ollama's `options`; what is None is left out."""
    options = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "repeat_penalty": sampling.repeat_penalty,
        "num_predict": sampling.max_tokens,
        "num_ctx": sampling.num_ctx,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    return {key: value for key, value in options.items() if value is not None}


def _said(body: dict[str, Any]) -> tuple[str, str]:
    """Text and thinking of a body or a line, of either endpoint."""
    message = body.get("message")
    source, key = (message, "content") if isinstance(message, dict) else (body, "response")
    text, thinking = source.get(key), source.get("thinking")
    return text if isinstance(text, str) else "", thinking if isinstance(thinking, str) else ""


def _with(last: dict[str, Any], text: str, thinking: str) -> dict[str, Any]:
    """The last line of a stream with the texts of all: the body that would have come without a stream."""
    thought = {"thinking": thinking} if thinking else {}
    if isinstance(last.get("message"), dict):
        return {**last, "message": {**last["message"], "content": text, **thought}}
    return {**last, "response": text, **thought}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
