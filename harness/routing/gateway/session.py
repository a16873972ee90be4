"""Who may ask which models, how much of it, and what it came to: one session an attempt, or a person's tools."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import Field

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models import Provider
from harness.models.caller import Caller
from harness.routing.gateway.refusals import Refusal, broken, ended, over_budget
from harness.types import AttemptKey, Frozen, ModelCall, Sampling, Task, Usage

MAX_UNANSWERED = 1000
"""Requests without a reply that are told one by one; of more only the number, so that no client fills a disk."""


class Allowance(Frozen):
    """Limits of one session; None is no limit."""

    calls: int | None = Field(default=None, ge=0)
    """Requests that are answered or under way; also those that a client hung up on, not those whose server failed."""
    tokens: int | None = Field(default=None, ge=0)
    """Prompt and completion tokens, as servers count them; no further call once they are spent."""
    cost_usd: float | None = Field(default=None, ge=0)
    """US dollars at the catalogue's prices; no further call once they are spent."""
    seconds: float | None = Field(default=None, ge=0)
    """Wall time from the session's start; a call under way at its end is cut off."""


class Spent(Frozen):
    """What a session used so far."""

    calls: int = 0
    """Requests that were answered with a reply."""
    refused: int = 0
    """Requests that were refused."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float | None = 0.0
    """Of the replies; None when the cost of one of them is unknown."""
    seconds: float = 0.0
    """Sum of the time that models took."""


@dataclass(frozen=True)
class Served:
    """A model that a session may ask."""

    profile: ModelProfile
    provider: Provider


UNLIMITED = Allowance()
OUT_OF_TIME = "the session's time is over"


def _nobody(call: ModelCall) -> None:
    """Nobody wants to know."""


def _never() -> str:
    return ""


class Session:
    """One token and everything that is asked with it. Thread-safe."""

    def __init__(
        self,
        models: Mapping[str, Served],
        *,
        allowance: Allowance = UNLIMITED,
        attempt: AttemptKey | None = None,
        task: Task | None = None,
        sampling: Sampling | None = None,
        on_call: Callable[[ModelCall], None] = _nobody,
        stopped: Callable[[], str] = _never,
    ) -> None:
        """`models`: the name a client may write -> who answers.

        `sampling` pins: what it and the model's profile say wins over what the client asks for, the seed too. With None
        the client's wish wins, and the profile fills the rest.
        `on_call` is told of every request, answered, failed or refused, before its client gets the end of the answer;
        from several threads. What it raises becomes a 500 for the client, and is kept in `broken`.
        `stopped` gives the reason why no further call is admitted, or nothing.
        """
        self.models = dict(models)
        self.allowance = allowance
        self.attempt = attempt
        self.task = task
        """For providers that answer from a task (`reference`, `replay`); nothing of it is sent anywhere."""
        self.sampling = sampling
        self.token = f"hg-{secrets.token_urlsafe(32)}"
        self.name = secrets.token_hex(8)
        """Of this session in `ModelCall.session`; says nothing about the token."""
        self.first_call_at: float | None = None
        """`time.monotonic()` of the first request with the token."""
        self.refusals: list[str] = []
        """Codes of refused requests in their order, the first thousand."""
        self.failure: ProviderError | None = None
        """Why the last call got no reply, if its model's server is to blame. Not where the server refused that very
        request (400, 413, 422: it is too long, say) and had answered before: no client can make a server fail."""
        self.broken: BaseException | None = None
        """What `on_call` raised: to be raised again by whoever runs the session."""
        self._on_call = on_call
        self._stopped = stopped
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._ended = ""
        self._numbered = 0
        self._under_way: set[Caller] = set()
        self._cut_off = 0
        """Calls that were dropped while they were under way."""
        self._unanswered = 0
        self._unseen = 0
        """Tokens of those, as far as they can be counted: nobody stays in budget by hanging up before the end."""
        self._known_usd = 0.0
        """Dollars of the replies whose cost is known: a limit holds for these also where the sum is not known."""
        self._spent = Spent()

    def spent(self) -> Spent:
        """What was used so far."""
        with self._lock:
            return self._spent

    def end(self) -> None:
        """Admit no further call, and drop those under way."""
        self._end("the session has ended")

    def left_s(self) -> float | None:
        """Seconds of wall time left; None where they are not limited."""
        if self.allowance.seconds is None:
            return None
        return max(0.0, self._began + self.allowance.seconds - time.monotonic())

    def owns(self, token: str) -> bool:
        """Whether this is the session's token; the time it takes says nothing about the token."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def number(self, *, authorised: bool) -> int:
        """The number of a request that has just come: 1 for the first."""
        with self._lock:
            if authorised and self.first_call_at is None:
                self.first_call_at = time.monotonic()
            self._numbered += 1
            return self._numbered

    def admit(self, caller: Caller) -> None:
        """Take a place among the calls under way. Raises Refusal."""
        try:
            stopped = self._stopped()
        except BaseException as error:
            raise self._break(error) from error
        with self._lock:
            self._check(stopped)
            self._under_way.add(caller)

    def answered(self, caller: Caller, usage: Usage, cost_usd: float | None, seconds: float) -> None:
        """A call has its reply: account for it."""
        with self._lock:
            self._under_way.discard(caller)
            self.failure = None
            before = self._spent
            known = cost_usd is not None and before.cost_usd is not None
            self._known_usd += cost_usd or 0.0
            self._spent = Spent(
                calls=before.calls + 1,
                refused=before.refused,
                prompt_tokens=before.prompt_tokens + (usage.prompt_tokens or 0),
                completion_tokens=before.completion_tokens + (usage.completion_tokens or 0),
                cached_tokens=before.cached_tokens + (usage.cached_tokens or 0),
                cost_usd=self._known_usd if known else None,
                seconds=before.seconds + seconds,
            )

    def failed(self, caller: Caller, error: ProviderError | None, seconds: float, *, dropped: bool) -> None:
        """A call ended without a reply: `dropped` by whoever asked, or for `error`, None where the server is not to
        blame."""
        with self._lock:
            self._under_way.discard(caller)
            self.failure = error
            self._spent = self._spent.model_copy(update={"seconds": self._spent.seconds + seconds})
            self._unseen += caller.deltas
            if dropped:
                self._cut_off += 1

    def refused(self, code: str) -> None:
        """Count a refusal."""
        with self._lock:
            self._spent = self._spent.model_copy(update={"refused": self._spent.refused + 1})
            if len(self.refusals) < MAX_UNANSWERED:
                self.refusals.append(code)

    def tell(self, call: ModelCall) -> None:
        """Hand a record over. Raises Refusal where that fails."""
        if call.reply is None:
            with self._lock:
                self._unanswered += 1
                if self._unanswered > MAX_UNANSWERED:
                    return
        try:
            self._on_call(call)
        except BaseException as error:
            raise self._break(error) from error

    def _break(self, error: BaseException) -> Refusal:
        """Keep what failed on our side, and end everything: nothing may be asked that is not kept."""
        self.broken = self.broken or error
        self._end("the harness that runs this gateway failed")
        return broken()

    def _end(self, reason: str) -> None:
        with self._lock:
            self._ended = self._ended or reason
            under_way = list(self._under_way)
        for caller in under_way:
            caller.cancel(reason)

    def _check(self, stopped: str) -> None:
        """Whether another call may begin; the lock is held."""
        allowed, spent = self.allowance, self._spent
        if self.broken is not None:
            raise broken()
        if self._ended:
            raise ended(self._ended)
        if self.left_s() == 0.0:
            raise ended(OUT_OF_TIME)
        if stopped:
            raise over_budget(stopped)
        counted = spent.calls + len(self._under_way) + self._cut_off
        if allowed.calls is not None and counted >= allowed.calls:
            raise over_budget(f"this session may make {allowed.calls} calls, and has made them")
        tokens = spent.prompt_tokens + spent.completion_tokens + self._unseen
        if allowed.tokens is not None and tokens >= allowed.tokens:
            raise over_budget(f"this session may use {allowed.tokens} tokens, and has used {tokens}")
        usd = self._known_usd
        if allowed.cost_usd is not None and usd >= allowed.cost_usd:
            raise over_budget(f"this session may spend {allowed.cost_usd:g} US dollars, and has spent {usd:.4f}")
