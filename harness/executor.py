"""Where trials execute: plain data in, plain data out; only the driver writes the store.

`LocalExecutor` runs them here: a few threads a model wait for replies, a few more grade, so that the next reply is drawn
while the last one runs in a sandbox.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol

from harness.config import ModelProfile
from harness.errors import HarnessError, ProviderError
from harness.grading.extract import extract
from harness.grading.grade import grade
from harness.models import Provider, open_provider
from harness.models.cost import cost_usd
from harness.sandbox import Sandbox
from harness.sandbox.pool import Pool
from harness.solvers import Solved, open_solver
from harness.types import Attempt, Extraction, Frozen, IsolationLevel, Reply, Task

GIVE_UP_AFTER = 5
"""Provider failures of a model in a row, with no success before or between, after which it is left alone."""


class Trial(Frozen):
    """One attempt to be made."""

    task: Task
    model: str
    repeat: int
    attempt: int
    seed: int
    solver: str
    isolation: IsolationLevel


class Executor(Protocol):
    """Runs trials somewhere."""

    def submit(self, trial: Trial) -> None:
        """Queue a trial."""

    def results(self) -> Iterator[Attempt | None]:
        """One item for every trial submitted so far, as they end; None for a trial that was left out."""

    def close(self) -> None:
        """Stop at once and give everything back."""


class LocalExecutor:
    """Trials in threads of this process."""

    def __init__(self, profiles: dict[str, ModelProfile], sandbox: Sandbox, concurrency: int = 0, log: Callable[[str], None] = print) -> None:
        """`concurrency` bounds what runs in sandboxes at once; 0 takes two a core."""
        graders = concurrency or 2 * len(os.sched_getaffinity(0))
        self._profiles = profiles
        self._pool = Pool(sandbox, size=graders)
        self._graders = ThreadPoolExecutor(graders, thread_name_prefix="grade")
        self._askers = {
            name: ThreadPoolExecutor(min(concurrency or 256, profile.concurrency), thread_name_prefix=f"ask-{name}")
            for name, profile in profiles.items()
        }
        self._providers: dict[str, Provider] = {}
        self._failures = dict.fromkeys(profiles, 0)
        self._served: set[str] = set()
        self._lock = threading.Lock()
        self._ended: queue.SimpleQueue[Attempt | None | BaseException] = queue.SimpleQueue()
        self._waiting = 0
        self._stopping = threading.Event()
        self._log = log
        self.given_up: dict[str, str] = {}
        """Models left alone, with the failure that repeated."""

    def provider(self, model: str) -> Provider:
        """The open provider of a model, one for all its threads."""
        with self._lock:
            if model not in self._providers:
                self._providers[model] = open_provider(self._profiles[model])
            return self._providers[model]

    def submit(self, trial: Trial) -> None:
        self._waiting += 1
        self._askers[trial.model].submit(self._guarded, self._ask, trial)

    def results(self) -> Iterator[Attempt | None]:
        while self._waiting:
            ended = self._ended.get()
            self._waiting -= 1
            if isinstance(ended, BaseException):
                raise ended
            yield ended

    def stop(self) -> None:
        """Leave out every trial that has not begun; those under way end."""
        self._stopping.set()

    def close(self) -> None:
        self._stopping.set()
        for pool in (*self._askers.values(), self._graders):
            pool.shutdown(wait=False, cancel_futures=True)
        # Closing a provider ends its requests under way, so the threads below do end.
        for provider in self._providers.values():
            with contextlib.suppress(HarnessError, OSError):
                provider.close()
        for pool in (*self._askers.values(), self._graders):
            pool.shutdown(wait=True)
        self._pool.close()

    def _guarded(self, step: Callable[..., None], *args: Any) -> None:
        """A failure of ours ends the run with its message; nobody waits for a result that never comes."""
        try:
            step(*args)
        except BaseException as error:
            self._ended.put(error)

    def _ask(self, trial: Trial) -> None:
        if self._stopping.is_set() or trial.model in self.given_up:
            self._ended.put(None)
            return
        began, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="milliseconds")
        profile = self._profiles[trial.model]
        facts: dict[str, Any] = {
            "task": trial.task.id,
            "suite": trial.task.suite,
            "category": trial.task.category,
            "kind": trial.task.kind,
            "model": trial.model,
            "repeat": trial.repeat,
            "attempt": trial.attempt,
            "seed": trial.seed,
            "solver": trial.solver,
            "started": started,
            "task_hash": trial.task.content_hash,
        }
        try:
            solver = open_solver(trial.solver, self.provider(trial.model), profile)
            solved = solver.solve(trial.task, seed=trial.seed, repeat=trial.repeat, attempt=trial.attempt)
        except ProviderError as error:
            if self._stopping.is_set():
                self._ended.put(None)
                return
            self._note_failure(trial.model, error)
            self._ended.put(Attempt(**facts, error=str(error), seconds=time.monotonic() - began))
            return
        with self._lock:
            self._served.add(trial.model)
        reply = storable(solved.reply)
        facts["request"] = solved.request.model_dump(mode="json")
        facts["prefix"] = solved.prefix
        facts["cost_usd"] = cost_usd(reply.usage, profile.price)
        self._graders.submit(self._guarded, self._grade, trial, solved, reply, facts, began)

    def _grade(self, trial: Trial, solved: Solved, reply: Reply, facts: dict[str, Any], began: float) -> None:
        if solved.candidate is not None:
            extraction = Extraction(candidate=solved.candidate, choice="handed over by the solver")
        else:
            extraction = extract(trial.task, reply, prefix=solved.prefix)
        verdict, signature = grade(trial.task, extraction, self._pool, trial.isolation)
        self._ended.put(
            Attempt(
                **facts,
                reply=reply,
                extraction=extraction,
                verdict=verdict,
                signature=signature,
                seconds=time.monotonic() - began,
            )
        )

    def _note_failure(self, model: str, error: ProviderError) -> None:
        with self._lock:
            self._failures[model] += 1
            if model not in self._served and self._failures[model] >= GIVE_UP_AFTER and model not in self.given_up:
                self.given_up[model] = str(error)
                self._log(f"{model}: given up after {GIVE_UP_AFTER} failures: {error.message}")


def storable(reply: Reply) -> Reply:
    """The reply with lone surrogates replaced, which no file or database takes."""
    change: dict[str, Any] = {
        name: getattr(reply, name).encode("utf-8", "replace").decode("utf-8")
        for name in ("text", "thinking", "finish_reason", "model")
    }
    try:
        json.dumps(reply.raw, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, TypeError, ValueError):
        change["raw"] = json.dumps(reply.raw, default=str)
    return reply.model_copy(update=change)
