"""The layer around every provider: how many requests at once, how often, and what is tried again.

Providers hold wire knowledge only; everything here is the same for all of them and is tested once.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import tenacity

from harness.config import ModelProfile
from harness.errors import BudgetExceeded, ProviderError
from harness.models.caller import HIDDEN, Caller, Once, wait
from harness.models.failures import Refused
from harness.types import Reply, Request, Sampling

if TYPE_CHECKING:
    from harness.models import Provider

_log = logging.getLogger(__name__)

_MINUTE = 60.0
_SECRET = 16
"""Shorter keys are placeholders for local servers (`EMPTY`, `lm-studio`): hiding those would eat words of replies."""


@dataclass(frozen=True)
class Backoff:
    """How long to wait between tries."""

    base_s: float = 0.5
    """Upper bound of the first wait; it doubles with every try. The wait itself is drawn below it ("full jitter")."""
    cap_s: float = 30.0
    """Upper bound of every wait that was not asked for."""
    asked_cap_s: float = 120.0
    """A server that asks for a longer wait than this is not tried again."""


class Pace:
    """Starts of requests: at most `per_minute` in any minute, none while the server asked to wait."""

    def __init__(
        self,
        per_minute: int | None,
        *,
        wait: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._wait = wait
        self._clock = clock
        self._lock = threading.Lock()
        self._starts: deque[float] = deque(maxlen=per_minute or 0)
        self._not_before = 0.0

    def start(self, rest: Callable[[float], object] | None = None) -> None:
        """Wait until a request may start, and count it; `rest` waits in place of what waits usually."""
        with self._lock:
            now = self._clock()
            at = max(now, self._not_before)
            if self._per_minute and len(self._starts) == self._per_minute:
                at = max(at, self._starts[0] + _MINUTE)
            if self._per_minute:
                # The place is taken before the wait, so that threads queue up instead of all waking for one place.
                self._starts.append(at)
        if at > now:
            (rest or self._wait)(at - now)

    def hold(self, seconds: float) -> None:
        """Let no request of this model start for a while: what one thread was told holds for all."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)


class Slots:
    """Places for requests under way, given in the order in which they are asked for; whoever waits may give up."""

    def __init__(self, number: int) -> None:
        self._left = number
        self._free = threading.Condition()
        self._queue: deque[object] = deque()

    @contextmanager
    def taken(self, caller: Caller | None, model: str) -> Iterator[None]:
        """Hold a place for the block. Raises ProviderError when the caller gives up before there is one."""
        with self._free, caller.dropped.calling(self._wake) if caller else nullcontext():
            self._wait(caller, model)
            self._left -= 1
        try:
            yield
        finally:
            with self._free:
                self._left += 1
                self._free.notify_all()

    def _wait(self, caller: Caller | None, model: str) -> None:
        ticket = object()
        self._queue.append(ticket)
        try:
            while not (caller and caller.dropped.is_set()) and (self._left == 0 or self._queue[0] is not ticket):
                self._free.wait()
            if caller:
                caller.check(model)
        finally:
            self._queue.remove(ticket)
            # There may be a place for the next one too.
            self._free.notify_all()

    def _wake(self) -> None:
        with self._free:
            self._free.notify_all()


class Governor:
    """A Provider that admits requests to another one, tries again what may pass, and hides the key."""

    def __init__(
        self,
        inner: Provider,
        profile: ModelProfile,
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sleep` and `clock` replace the machine's, for tests of the waits themselves."""
        self._inner = inner
        self._profile = profile
        self._backoff = backoff or Backoff()
        self._closed = Once()
        self._slots = Slots(profile.concurrency)
        self._sleep = sleep
        self._pace = Pace(profile.requests_per_minute, wait=self._rest, clock=clock)
        key = os.environ.get(profile.api_key_env, "").strip() if profile.api_key_env else ""
        self._key = key if len(key) >= _SECRET else ""

    def complete(self, request: Request) -> Reply:
        """Answer one request; the profile's sampling fills what the request leaves open."""
        self._refuse_passed(request)
        caller: Caller | None = request.caller
        request = request.model_copy(update={"sampling": filled(request.sampling, self._profile.sampling)})
        with self._slots.taken(caller, self._profile.name):
            # A retry keeps its slot: a server in trouble gets no other request in its place.
            retrying = tenacity.Retrying(
                stop=tenacity.stop_after_attempt(1 + self._profile.retries),
                retry=tenacity.retry_if_exception(partial(self._again, caller)),
                wait=self._delay,
                sleep=partial(self._rest, caller=caller),
                before_sleep=self._announce,
                reraise=True,
            )
            try:
                reply: Reply = retrying(self._try, request)
            except ProviderError as error:
                raise self._final(error, retrying.statistics["attempt_number"]) from None
            tries = retrying.statistics["attempt_number"]
        return self._without_key(reply if tries == 1 else reply.model_copy(update={"tries": tries}))

    def identity(self) -> dict[str, str]:
        """Who answers; failures of any kind become `status`."""
        known = {"provider": self._profile.provider, "model": self._profile.model or self._profile.name}
        try:
            known |= self._inner.identity()
        except Exception as error:  # noqa: BLE001  the manifest of a run must not depend on a plugin's bugs
            known["status"] = f"unknown: {error}"
        return {key: self._hide(value) for key, value in known.items() if value}

    def close(self) -> None:
        """Wake whoever waits, end requests under way."""
        self._closed.set()
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refuse_passed(self, request: Request) -> None:
        """Here and not in each provider: one that knows nothing of `passed` would drop it without a word."""
        if request.passed and not getattr(self._inner, "PASSES", False):
            raise ProviderError(
                f"{self._profile.name} cannot be asked with {', '.join(sorted(request.passed))}: "
                f"provider {self._profile.provider} does not send that",
                remedy="leave it out, or ask a model of provider openai_compatible or local",
                status=400,
            )

    def _try(self, request: Request) -> Reply:
        caller: Caller | None = request.caller
        self._pace.start(partial(self._rest, caller=caller))
        if self._closed.is_set():
            raise ProviderError(f"{self._profile.name} was closed")
        if caller is not None:
            caller.check(self._profile.name)
            caller.begin(self._key)
        return self._inner.complete(request)

    def _rest(self, seconds: float, caller: Caller | None = None) -> None:
        if self._sleep is not None:
            self._sleep(seconds)
        else:
            # Not `time.sleep`: `close`, and a caller that gives up, wake whoever waits.
            wait(seconds, self._closed, *([caller.dropped] if caller else []))

    def _again(self, caller: Caller | None, error: BaseException) -> bool:
        # What a caller has heard cannot be taken back.
        if caller is not None and (caller.heard or caller.dropped.is_set()):
            return False
        if not isinstance(error, ProviderError) or isinstance(error, BudgetExceeded) or self._closed.is_set():
            return False
        asked = error.retry_after_s if isinstance(error, Refused) else None
        return error.retryable and (asked is None or asked <= self._backoff.asked_cap_s)

    def _delay(self, state: tenacity.RetryCallState) -> float:
        backoff = self._backoff
        drawn: float = tenacity.wait_random_exponential(multiplier=backoff.base_s, max=backoff.cap_s)(state)
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Refused) or error.retry_after_s is None:
            return drawn
        self._pace.hold(error.retry_after_s)
        # A little later than asked, so that those who were told the same moment do not all come at once.
        return error.retry_after_s + min(drawn, error.retry_after_s)

    def _announce(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        message = self._hide(error.message) if isinstance(error, ProviderError) else ""
        _log.info("try %d failed, the next in %.1f s: %s", state.attempt_number, wait, message)

    def _final(self, error: ProviderError, tries: int) -> ProviderError:
        if isinstance(error, BudgetExceeded):
            return error
        asked = error.retry_after_s if isinstance(error, Refused) else None
        notes = [f"{tries} tries"] if tries > 1 else []
        if asked is not None and asked > self._backoff.asked_cap_s:
            notes.append(f"it asks to wait {asked:.0f} s")
        message = f"{error.message} ({', '.join(notes)})" if notes else error.message
        return ProviderError(
            self._hide(message), remedy=self._hide(error.remedy), retryable=error.retryable, status=error.status
        )

    def _hide(self, text: str) -> str:
        return text.replace(self._key, HIDDEN) if self._key else text

    def _without_key(self, reply: Reply) -> Reply:
        """Servers echo requests; nothing that is stored may hold the key."""
        if not self._key or self._key not in reply.model_dump_json():
            return reply
        return Reply.model_validate(_replaced(reply.model_dump(), self._key))


def _replaced(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return value.replace(key, HIDDEN)
    if isinstance(value, dict):
        return {_replaced(name, key): _replaced(item, key) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, key) for item in value]
    return value


def filled(asked: Sampling, default: Sampling) -> Sampling:
    """`asked`, completed from `default` where it says nothing (None, or no stop sequences)."""
    given = {name: value for name, value in asked if value not in (None, ())}
    return default.model_copy(update=given)
