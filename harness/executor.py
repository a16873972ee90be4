"""Where trials execute: plain data in, plain data out; only the driver writes the store.

`LocalExecutor` runs them here: a few threads a model wait for replies, a few more grade, so that the next reply is
drawn while the last one runs in a sandbox.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

from harness.config import AgentSettings, ModelProfile
from harness.errors import BudgetExceeded, HarnessError, ProviderError, SandboxError
from harness.grading.attempts import grade_attempt
from harness.grading.extract import extract
from harness.grading.grade import grade
from harness.models import Provider, open_provider
from harness.models.cost import cost_usd
from harness.models.storable import clean, storable
from harness.sandbox import Sandbox
from harness.sandbox.pool import Pool
from harness.solvers import Solved, Workplace, open_solver
from harness.solvers.agents.means import AgentMeans
from harness.standing import Standing
from harness.types import Attempt, Extraction, Frozen, IsolationLevel, ModelCall, Outcome, Task, Verdict

CONTAINERS = 3
"""Containers that an attempt of an agent may lose before it counts as not done."""


class Trial(Frozen):
    """One attempt to be made."""

    task: Task
    model: str
    repeat: int
    attempt: int
    seed: int
    solver: str
    isolation: IsolationLevel
    answered: Attempt | None = None
    """This very attempt as it was made before, when its answer could not be graded: graded again, not asked for."""


class Executor(Protocol):
    """Runs trials somewhere."""

    def prepare(self, trial: Trial) -> None:
        """See to what all trials of this kind need before any is submitted. Raises SandboxError, UsageError."""

    def submit(self, trial: Trial) -> None:
        """Queue a trial."""

    def results(self) -> Iterator[Attempt | ModelCall | None]:
        """One item for every trial submitted so far, as they end; None for a trial that was left out.

        Before it the calls its agent made, as they are answered: a call is not told to the agent until the caller has
        come back for the next item, and so has stored it.
        """

    def close(self) -> None:
        """Stop at once and give everything back."""


class _Told:
    """A call of an agent on its way into the store."""

    def __init__(self, call: ModelCall) -> None:
        self.call = call
        self.stored = threading.Event()


class LocalExecutor:
    """Trials in threads of this process."""

    def __init__(
        self,
        profiles: dict[str, ModelProfile],
        sandbox: Sandbox,
        concurrency: int = 0,
        log: Callable[[str], None] = print,
        allowance_usd: float | None = None,
        agent: AgentSettings | None = None,
    ) -> None:
        """`concurrency` bounds what runs in sandboxes at once; 0 takes two a core.

        Once replies have cost `allowance_usd`, no further one is asked for; those under way are graded.
        """
        graders = concurrency or 2 * len(os.sched_getaffinity(0))
        self._profiles = profiles
        self._pool = Pool(sandbox, size=graders, log=log)
        self._graders = ThreadPoolExecutor(graders, thread_name_prefix="grade")
        self._askers = {
            name: ThreadPoolExecutor(min(concurrency or 256, profile.concurrency), thread_name_prefix=f"ask-{name}")
            for name, profile in profiles.items()
        }
        self._providers: dict[str, Provider] = {}
        self._settings = agent or AgentSettings()
        self._means = AgentMeans(log)
        self._standing = Standing(allowance_usd, log)
        self.given_up = self._standing.given_up
        """Models left alone, and `sandbox` when nothing could be graded, with what kept failing."""
        self._lock = threading.Lock()
        self._ended: queue.SimpleQueue[Attempt | _Told | BaseException | None] = queue.SimpleQueue()
        self._waiting = 0
        self._closing = threading.Event()
        """Trials under way are cut short."""
        self._log = log

    def provider(self, model: str) -> Provider:
        """The open provider of a model, one for all its threads."""
        with self._lock:
            if model not in self._providers:
                self._providers[model] = open_provider(self._profiles[model])
            return self._providers[model]

    def prepare(self, trial: Trial) -> None:
        open_solver(trial.solver, self._workplace(trial)).prepare()

    def submit(self, trial: Trial) -> None:
        self._waiting += 1
        if trial.answered is not None:
            self._graders.submit(self._guarded, self._grade, trial, trial.answered, time.monotonic())
        else:
            self._askers[trial.model].submit(self._guarded, self._ask, trial)

    def results(self) -> Iterator[Attempt | ModelCall | None]:
        while self._waiting:
            ended = self._ended.get()
            if isinstance(ended, _Told):
                yield ended.call
                ended.stored.set()
                continue
            self._waiting -= 1
            if isinstance(ended, BaseException):
                raise ended
            yield ended

    def close(self) -> None:
        self._closing.set()
        for threads in (*self._askers.values(), self._graders):
            threads.shutdown(wait=False, cancel_futures=True)
        # Closing a provider ends its requests under way, so that the threads below do end.
        for provider in self._providers.values():
            with contextlib.suppress(HarnessError, OSError):
                provider.close()
        self._pool.abort()
        self._means.close()
        for threads in (*self._askers.values(), self._graders):
            threads.shutdown(wait=True)

    def _guarded(self, step: Callable[..., None], *args: Any) -> None:
        """A failure of ours ends the run with its message; nobody waits for a result that never comes."""
        try:
            step(*args)
        except BaseException as error:  # noqa: BLE001  raised again by `results`, in the driver's thread
            self._ended.put(error)

    def _ask(self, trial: Trial) -> None:
        if self._closing.is_set() or not self._standing.may_ask(trial.model):
            self._ended.put(None)
            return
        if trial.task.runs:
            # Boxes are made while the model is thinking.
            self._pool.warm(trial.task.limits.memory_mb)
        began = time.monotonic()
        attempt = _begun(trial)
        try:
            solved = self._solved(trial)
        except BudgetExceeded:
            self._ended.put(None)
            return
        except Exception as error:
            if self._closing.is_set():
                self._ended.put(None)
                return
            if isinstance(error, HarnessError) and not isinstance(error, ProviderError | SandboxError):
                raise
            # Also what a provider should not raise: one broken reply is one row, and the run goes on.
            self._ended.put(self._failed(trial, attempt, error, time.monotonic() - began))
            return
        attempt = attempt.model_copy(update=self._answer(solved, self._profiles[trial.model]))
        self._standing.replied(trial.model)
        if solved.agent is None:  # an agent's calls were counted as they came
            self._standing.spent(attempt.cost_usd)
        self._graders.submit(self._guarded, self._grade, trial, attempt, began)

    def _solved(self, trial: Trial) -> Solved:
        """What the trial's solver hands over; an agent whose container is lost begins again in another one."""
        place = self._workplace(trial)
        for left in reversed(range(CONTAINERS)):
            try:
                solver = open_solver(trial.solver, place)
                return solver.solve(trial.task, seed=trial.seed, repeat=trial.repeat, attempt=trial.attempt)
            except SandboxError as error:
                if not left or self._closing.is_set():
                    raise
                self._log(f"{trial.task.id}, attempt {trial.attempt + 1}: {error.message}; once more")
        raise AssertionError("unreachable")

    def _workplace(self, trial: Trial) -> Workplace:
        def graded(task: Task, extraction: Extraction) -> tuple[Verdict, str]:
            return grade(task, extraction, self._pool, trial.isolation)

        return Workplace(
            profile=self._profiles[trial.model],
            provider=self.provider(trial.model),
            spoken=extract,
            settings=self._settings,
            means=self._means,
            grade=graded,
            record=self._record,
            stopped=self._stopped,
        )

    def _answer(self, solved: Solved, profile: ModelProfile) -> dict[str, Any]:
        reply = storable(solved.reply)
        verdict, signature = solved.graded or (None, "")
        return {
            "request": solved.request.model_dump(mode="json"),
            "prefix": solved.prefix,
            "reply": reply,
            "extraction": solved.extraction,
            "verdict": verdict,
            "signature": signature,
            "agent": solved.agent,
            "cost_usd": solved.cost_usd if solved.agent else cost_usd(reply.usage, profile.price),
        }

    def _failed(self, trial: Trial, attempt: Attempt, error: Exception, seconds: float) -> Attempt:
        """The row of a trial whose model or container failed."""
        if isinstance(error, SandboxError):
            verdict = Verdict(outcome=Outcome.infra_error, isolation=trial.isolation, detail=clean(str(error))[:2000])
            attempt = attempt.model_copy(update={"verdict": verdict, "seconds": seconds})
            self._standing.graded(attempt)
            return attempt
        told = str(error) if isinstance(error, ProviderError) else f"{type(error).__name__}: {error}"
        self._standing.failed(trial.model, told)
        return attempt.model_copy(update={"error": clean(told), "seconds": seconds})

    def _record(self, call: ModelCall) -> None:
        """Hand a call over to be stored, and wait until it is."""
        self._standing.spent(call.cost_usd)
        told = _Told(call)
        self._ended.put(told)
        while not told.stored.wait(0.2) and not self._closing.is_set():
            pass

    def _stopped(self) -> str:
        return "the run is ending" if self._closing.is_set() else self._standing.stopped()

    def _grade(self, trial: Trial, attempt: Attempt, began: float) -> None:
        if trial.answered is not None and (self._closing.is_set() or "sandbox" in self.given_up):
            self._ended.put(None)
            return
        if attempt.verdict is None or trial.answered is not None:
            attempt = grade_attempt(attempt, trial.task, self._pool, trial.isolation)
        if self._closing.is_set() and attempt.outcome is Outcome.infra_error:
            self._ended.put(None)  # its box was destroyed under it
            return
        self._standing.graded(attempt)
        # What was answered before took its time before.
        seconds = attempt.seconds if trial.answered is not None else time.monotonic() - began
        self._ended.put(attempt.model_copy(update={"seconds": seconds}))


def _begun(trial: Trial) -> Attempt:
    """What is known of an attempt before anything was asked."""
    return Attempt(
        task=trial.task.id,
        suite=trial.task.suite,
        category=trial.task.category,
        kind=trial.task.kind,
        model=trial.model,
        repeat=trial.repeat,
        attempt=trial.attempt,
        seed=trial.seed,
        solver=trial.solver,
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        task_hash=trial.task.content_hash,
    )
