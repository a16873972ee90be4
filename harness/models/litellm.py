"""Everything else through litellm (Anthropic, Bedrock, Vertex, ...): an optional extra, imported when it is used."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from harness.config import ModelProfile
from harness.errors import ConfigError, ProviderError
from harness.models.bodies import Merged, reply_of
from harness.models.caller import Caller
from harness.models.failures import Refused, excerpt, masked, refused
from harness.models.messages import openai_messages
from harness.types import Reply, Request

INSTALL = "pip install 'harness-eval[litellm]'"


class LiteLLM:
    """One model behind litellm, named as litellm names it (`anthropic/claude-...`)."""

    def __init__(self, profile: ModelProfile) -> None:
        self._profile = profile
        self._library = _library()
        self._closed = threading.Event()
        # Asked once: litellm would drop these silently, and a seed that is not sent must be known.
        self._unsent: set[str] = set()

    def complete(self, request: Request) -> Reply:
        """One call. Raises ProviderError."""
        if self._closed.is_set():
            raise ProviderError(f"{self._profile.name} was closed")
        library = self._library
        started = time.monotonic()
        options = self._options(request)
        try:
            if request.prompt is None:
                messages = openai_messages(request.messages)
                answer = library.completion(messages=messages, **options)
            else:
                answer = library.text_completion(prompt=request.prompt, **options)
            if not options["stream"]:
                return self._reply(_plain(answer), time.monotonic() - started)
            return self._streamed(answer, started, request.caller)
        except ProviderError:
            raise
        except Exception as error:
            # litellm's errors share no base class but Exception, only the attribute `status_code`.
            raise self._failure(error) from error

    def identity(self) -> dict[str, str]:
        """The library's version, and the settings this model's API has no place for."""
        from importlib.metadata import version

        return {
            "server": f"litellm {version('litellm')}",
            "base_url": masked(self._profile.base_url),
            "not_sent": ", ".join(sorted(self._unsent)),
            "status": "not asked: litellm has no call for it",
        }

    def close(self) -> None:
        """No further call is made; litellm offers no way to end one under way."""
        self._closed.set()

    def _options(self, request: Request) -> dict[str, Any]:
        profile, sampling = self._profile, request.sampling
        drawn = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "repetition_penalty": sampling.repeat_penalty,
            "max_tokens": sampling.max_tokens,
            "seed": sampling.seed,
            "stop": list(sampling.stop) or None,
        }
        drawn = {key: value for key, value in drawn.items() if value is not None}
        supported = self._library.get_supported_openai_params(model=profile.model)
        # OpenAI's own list has neither; providers with other names for them get them as they are.
        passed = {"top_k", "repetition_penalty"}
        unsent = set(drawn) - set(supported) - passed if supported else set()
        if sampling.think is not None:
            unsent.add("think")
        self._unsent |= unsent
        options: dict[str, Any] = {key: value for key, value in drawn.items() if key not in unsent}
        options |= {"model": profile.model, "timeout": profile.timeout_s, "num_retries": 0, "max_retries": 0}
        options |= {"stream": profile.stream, "drop_params": True, **profile.extra}
        if profile.stream:
            options["stream_options"] = {"include_usage": True}
        if profile.base_url:
            options["api_base"] = profile.base_url
        if profile.api_key_env:
            options["api_key"] = os.environ.get(profile.api_key_env, "").strip()
        return options

    def _streamed(self, answer: Any, started: float, caller: Caller | None) -> Reply:
        merged, first = Merged(), None
        for chunk in answer:
            if merged.add(_plain(chunk)) and first is None:
                first = time.monotonic() - started
            if caller is not None:
                caller.check(self._profile.name)
                caller.delta(*merged.last)
            if self._closed.is_set():
                raise ProviderError(f"the request to {self._profile.name} was given up: its provider was closed")
        if not merged.finished:
            raise Refused(
                f"the stream of {self._profile.name} was cut off after {merged.characters} characters", retryable=True
            )
        return self._reply(merged.body(), time.monotonic() - started, first)

    def _reply(self, body: dict[str, Any], seconds: float, first_token_s: float | None = None) -> Reply:
        try:
            return reply_of(body, seconds=seconds, first_token_s=first_token_s)
        except ValueError as error:
            raise Refused(f"{self._profile.name} sent no reply ({error})", retryable=True) from None

    def _failure(self, error: Exception) -> ProviderError:
        status = getattr(error, "status_code", None)
        text = str(getattr(error, "message", error))
        # litellm calls a connection that fails a status 500 of the server.
        causes = list(_chain(error))
        if any(isinstance(cause, httpx.TransportError) for cause in causes):
            return ProviderError(f"cannot reach the server of {self._profile.name}: {excerpt(text)}", retryable=True)
        if isinstance(status, int):
            return refused(self._profile, status, text, next(filter(None, map(_headers, causes)), {}))
        return ProviderError(f"litellm failed on {self._profile.name} ({type(error).__name__}): {excerpt(text)}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _headers(error: BaseException) -> Mapping[str, str]:
    """Headers of the response behind an error; releases of litellm keep them in different places."""
    found = getattr(error, "litellm_response_headers", None) or getattr(
        getattr(error, "response", None), "headers", None
    )
    return found or {}


def _library() -> Any:
    """The litellm module, quiet and offline until called. Raises ConfigError where it is not installed."""
    # Its import would otherwise fetch a price list; prices stand in our catalogue.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import litellm
    except ImportError as error:
        raise ConfigError(f"provider litellm is not installed ({error})", remedy=INSTALL) from None
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


def _plain(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = answer.model_dump(mode="json", exclude_none=True)
    return body
