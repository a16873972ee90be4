"""Starts boxes on an engine that may go away for a while: one outage, however many threads wait for its end.

While an engine is away one thread at a time asks for it, the others wait. An outage that lasts too long is given up:
from then on every job fails at once, but for one now and then that looks whether the engine is back.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from harness.errors import ConfigError, EngineUnavailable, SandboxError
from harness.sandbox import Box, BoxLost, BoxTaken, Sandbox, session
from harness.types import CallInput, Job, Limits

WAIT_VARIABLE = "HARNESS_ENGINE_WAIT_S"
WAIT_S = 120.0
"""Seconds an engine may be away before the outage is given up, unless the environment says otherwise."""
PAUSES_S = (0.3, 3.0)
"""Before each further try where an engine answers and refuses."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between two looks for an engine that is away; each is twice the one before."""
TAKEN = 20
"""Boxes that may be removed by others before they are ready, for one that is asked for."""
RECHECK_S = 30.0
"""Between two looks once the outage was given up."""


def wait_s() -> float:
    """How long an engine may be away. Raises ConfigError for a variable that is no number of seconds."""
    said = os.environ.get(WAIT_VARIABLE, "")
    try:
        seconds = float(said or WAIT_S)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise ConfigError(f"{WAIT_VARIABLE}={said}: expected seconds, from 0 to 86400")
    return seconds


class _Outage:
    """From the first request that got no answer to the first that gets one."""

    def __init__(self, error: EngineUnavailable, since: float) -> None:
        self.error, self.since = error, since
        self.next = time.monotonic() + FIRST_PAUSE_S
        self.pause = FIRST_PAUSE_S
        self.scouting = False
        """A thread is asking right now."""

    def put_off(self, *, given_up: bool) -> None:
        self.pause = min(2 * self.pause, LONGEST_PAUSE_S)
        self.next = time.monotonic() + (RECHECK_S if given_up else self.pause)
        self.scouting = False


class Patience:
    """Boxes of a backend, waited for. Called from several threads."""

    def __init__(self, sandbox: Sandbox, log: Callable[[str], None]) -> None:
        self._sandbox, self._log = sandbox, log
        self._wait_s = wait_s()
        self._changed = threading.Condition()
        self._outage: _Outage | None = None
        self._over = 0.0
        self._closed = False
        self.outages = 0
        """How many began so far: what was lost while this number changed was lost to the engine."""

    def start(self, memory_mb: int, *, wait: bool = True) -> Box:
        """A fresh box; without `wait` only from an engine that is not known to be away, at the first try.

        Raises SandboxError when the engine refuses several times, EngineUnavailable when it stays away.
        """
        pauses, taken = iter(PAUSES_S if wait else ()), 0
        while True:
            scout = self._admitted(wait)
            began = time.monotonic()
            try:
                box = self._sandbox.start(memory_mb)
            except EngineUnavailable as error:
                self._away(error, began, scout)
                if not wait:
                    raise
            except SandboxError as error:
                self._answered(began)
                taken += isinstance(error, BoxTaken)
                if wait and isinstance(error, BoxTaken) and taken <= TAKEN:
                    continue
                pause = next(pauses, None)
                if pause is None:
                    raise
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, pause)
            except BaseException:
                with self._changed:
                    if scout and self._outage is not None:
                        self._outage.scouting = False
                raise
            else:
                self._answered(began)
                return box

    def healthy(self) -> bool:
        """Whether an honest candidate is served, once the engine is there: tells a hostile one from a broken engine."""
        for _ in range(TAKEN):
            try:
                return self._serves()
            except BoxTaken:
                continue
            except SandboxError:
                return False
        return False

    def _serves(self) -> bool:
        """Whether one box answers. Raises BoxTaken, SandboxError."""
        honest = CallInput(id="probe", args=(), kwargs={})
        probe = Job(source="def f():\n    return 1\n", entry="f", limits=Limits(), inputs=(honest,))
        box = self.start(probe.limits.memory_mb)
        try:
            session.begin(box, probe)
            return session.ask(box, probe, probe.inputs[0]).ending == "value"
        except BoxLost:
            box.ran_out_of_memory()
            raise
        finally:
            box.close()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _admitted(self, wait: bool) -> bool:
        """Wait for the turn to ask; whether this thread is the one that looks for an engine that is away."""
        with self._changed:
            while True:
                if self._closed:
                    raise SandboxError("the pool is closed")
                outage, now = self._outage, time.monotonic()
                if outage is None:
                    return False
                if wait and not outage.scouting and now >= outage.next:
                    outage.scouting = True
                    return True
                if not wait or self._given_up(outage, now):
                    raise self._stays_away(outage, now)
                until = outage.since + self._wait_s
                self._changed.wait((until if outage.scouting else min(until, outage.next)) - now)

    def _given_up(self, outage: _Outage, now: float) -> bool:
        return now - outage.since >= self._wait_s

    def _stays_away(self, outage: _Outage, now: float) -> EngineUnavailable:
        return EngineUnavailable(
            f"the container engine is out of order for {now - outage.since:.0f} s: {outage.error.message}",
            remedy=outage.error.remedy
            or f"see to the engine, then repeat the command ({WAIT_VARIABLE} says how long it is waited for)",
        )

    def _away(self, error: EngineUnavailable, began: float, scout: bool) -> None:
        """Note a request without an answer. The scout of an outage that was given up raises what all get."""
        with self._changed:
            outage, now = self._outage, time.monotonic()
            if outage is None:
                if began < self._over:  # from before the engine came back
                    return
                outage = self._outage = _Outage(error, began)
                self.outages += 1
                self._log(f"{error.message}; waiting up to {self._wait_s:.0f} s for it")
            if not scout and not self._given_up(outage, now):
                return
            given_up = self._given_up(outage, now)
            if scout:
                outage.error = error
                outage.put_off(given_up=given_up)
            self._changed.notify_all()
            if given_up:
                raise self._stays_away(outage, now) from error

    def _answered(self, began: float) -> None:
        """The engine spoke: an outage that a request of `began` came after is over."""
        with self._changed:
            outage, now = self._outage, time.monotonic()
            if outage is None or began < outage.since:
                return
            self._outage, self._over = None, now
            self._log(f"the container engine works again, after {now - outage.since:.1f} s")
            self._changed.notify_all()
