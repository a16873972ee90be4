"""The smoke test of a model: one small request, and what a person wants to know of the answer."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

from pydantic import Field

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models import open_provider
from harness.models.cost import cost_usd
from harness.types import Answer, Frozen, Message, Reply, Request, Sampling, Task

INSTRUCTION = (
    "Write a Python function `add(a, b)` that returns the sum of its two arguments. "
    "Answer with one Python code block and nothing else."
)
SIGNATURE = "def add(a: int, b: int) -> int:"
_PREFIX = f'{SIGNATURE}\n    """Return the sum of a and b."""\n'
_EXAMPLE = 'def double(a: int) -> int:\n    """Return twice a."""\n    return 2 * a\n\n\n'
_SEED = 1
_MAX_TOKENS = 256


class SmokeResult(Frozen):
    """What one request to a model gave. `ok` is about the server: a bad answer of a model that answers is ok."""

    model: str
    provider: str
    ok: bool
    error: str = ""
    remedy: str = ""
    text: str = ""
    thinking: str = ""
    fences: int = 0
    """Fenced blocks in the text."""
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    """Of the whole reply, the wait for its beginning included."""
    cost_usd: float | None = None
    tries: int = 1
    identity: dict[str, str] = Field(default_factory=dict)


def smoke(profile: ModelProfile) -> SmokeResult:
    """Ask the model once, without trying again. Raises ConfigError for what is missing before any call."""
    # Whoever tests a model wants to see the failure, not wait for five of them.
    with closing(open_provider(profile.model_copy(update={"retries": 0}))) as provider:
        try:
            reply = provider.complete(smoke_request(profile))
        except ProviderError as error:
            failed: dict[str, Any] = {"error": error.message, "remedy": error.remedy}
            return SmokeResult(
                model=profile.name, provider=profile.provider, ok=False, identity=provider.identity(), **failed
            )
        return _result(profile, reply, provider.identity())


def smoke_request(profile: ModelProfile) -> Request:
    """A request every model can answer, in the profile's style; for `replay`, the first one recorded."""
    task = Task(
        id="smoke/add",
        suite="smoke",
        name="add",
        kind="function",
        entry="add",
        signature=SIGNATURE,
        instruction=INSTRUCTION,
        reference=Answer(name="reference", files={"solution.py": f"{SIGNATURE}\n    return a + b\n"}),
    )
    sampling = Sampling(seed=_SEED, max_tokens=min(profile.sampling.max_tokens or _MAX_TOKENS, _MAX_TOKENS))
    if profile.sampling.think is not False and not profile.local:
        # A model that thinks first would spend a small allowance on thoughts alone.
        sampling = sampling.model_copy(update={"max_tokens": profile.sampling.max_tokens})
    if profile.provider == "replay":
        from harness.models.replay import Replay

        first = Replay(profile).keys()[0]
        task = task.model_copy(update={"id": first.task})
        return Request(
            messages=(Message(role="user", content=INSTRUCTION),),
            task=task,
            repeat=first.repeat,
            attempt=first.attempt,
        )
    if profile.style == "completion":
        prompt = (_EXAMPLE if profile.few_shot else "") + _PREFIX
        return Request(prompt=prompt, sampling=sampling, task=task)
    system = (Message(role="system", content=profile.system),) if profile.system else ()
    return Request(messages=(*system, Message(role="user", content=INSTRUCTION)), sampling=sampling, task=task)


def _result(profile: ModelProfile, reply: Reply, identity: dict[str, str]) -> SmokeResult:
    tokens = reply.usage.completion_tokens
    return SmokeResult(
        model=profile.name,
        provider=profile.provider,
        ok=True,
        text=reply.text,
        thinking=reply.thinking,
        fences=fences(reply.text),
        finish_reason=reply.finish_reason,
        prompt_tokens=reply.usage.prompt_tokens,
        completion_tokens=tokens,
        seconds=reply.seconds,
        first_token_s=reply.first_token_s,
        tokens_per_s=tokens / reply.seconds if tokens and reply.seconds > 0 else None,
        cost_usd=cost_usd(reply.usage, profile.price),
        tries=reply.tries,
        identity=identity,
    )


def fences(text: str) -> int:
    """Number of fenced blocks, a last unclosed one included."""
    return (len(re.findall(r"^ {0,3}(?:```|~~~)", text, flags=re.MULTILINE)) + 1) // 2
