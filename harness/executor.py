"""Where trials execute: plain data in, plain data out; only the driver writes the store.

`LocalExecutor` runs them here: a few threads a model wait for replies, a few more grade, so that the next reply is
drawn while the last one runs in a sandbox.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from harness.config import ModelProfile
from harness.errors import HarnessError, ProviderError
from harness.grading.extract import extract
from harness.grading.grade import grade
from harness.models import Provider, open_provider
from harness.models.cost import cost_usd
from harness.sandbox import Sandbox
from harness.sandbox.pool import Pool
from harness.solvers import Solved, open_solver
from harness.types import Attempt, Extraction, Frozen, IsolationLevel, Outcome, Reply, Task, Verdict

T = TypeVar("T")
R = TypeVar("R")

GIVE_UP_AFTER = 5
"""Failures in a row of a model that never replied, or of the sandbox, after which it is left alone."""
GIVE_UP_LATER = 20
"""The same for a model that did reply before."""


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

    def __init__(
        self,
        profiles: dict[str, ModelProfile],
        sandbox: Sandbox,
        concurrency: int = 0,
        log: Callable[[str], None] = print,
        allowance_usd: float | None = None,
    ) -> None:
        """`concurrency` bounds what runs in sandboxes at once; 0 takes two a core.

        Once replies have cost `allowance_usd`, no further one is asked for; those under way are graded.
        """
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
        self._sandbox_failures = 0
        self._lock = threading.Lock()
        self._ended: queue.SimpleQueue[Attempt | BaseException | None] = queue.SimpleQueue()
        self._waiting = 0
        self._stopping = threading.Event()
        """No trial is begun any more; those under way end."""
        self._closing = threading.Event()
        """Those under way are cut short."""
        self._allowance = allowance_usd
        self._log = log
        self.given_up: dict[str, str] = {}
        """Models left alone, and `sandbox` when nothing could be graded, with what kept failing."""

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

    def close(self) -> None:
        self._stopping.set()
        self._closing.set()
        for threads in (*self._askers.values(), self._graders):
            threads.shutdown(wait=False, cancel_futures=True)
        # Closing a provider ends its requests under way, so that the threads below do end.
        for provider in self._providers.values():
            with contextlib.suppress(HarnessError, OSError):
                provider.close()
        _destroy(self._pool)
        for threads in (*self._askers.values(), self._graders):
            threads.shutdown(wait=True)

    def _guarded(self, step: Callable[..., None], *args: Any) -> None:
        """A failure of ours ends the run with its message; nobody waits for a result that never comes."""
        try:
            step(*args)
        except BaseException as error:  # noqa: BLE001  raised again by `results`, in the driver's thread
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
        except Exception as error:
            if isinstance(error, HarnessError) and not isinstance(error, ProviderError):
                raise
            if self._closing.is_set():
                self._ended.put(None)
                return
            # Also what a provider should not raise: one broken reply is one row, and the run goes on.
            told = str(error) if isinstance(error, ProviderError) else f"{type(error).__name__}: {error}"
            self._note_failure(trial.model, told)
            self._ended.put(Attempt(**facts, error=_clean(told), seconds=time.monotonic() - began))
            return
        reply = storable(solved.reply)
        cost = cost_usd(reply.usage, profile.price)
        self._note_reply(trial.model, cost)
        facts["request"] = solved.request.model_dump(mode="json")
        facts["prefix"] = solved.prefix
        facts["cost_usd"] = cost
        self._graders.submit(self._guarded, self._grade, trial, solved, reply, facts, began)

    def _grade(self, trial: Trial, solved: Solved, reply: Reply, facts: dict[str, Any], began: float) -> None:
        extraction = None
        try:
            if solved.candidate is not None:
                extraction = Extraction(candidate=solved.candidate, choice="handed over by the solver")
            else:
                extraction = extract(trial.task, reply, prefix=solved.prefix)
            verdict, signature = grade(trial.task, extraction, self._pool, trial.isolation)
        except HarnessError:
            raise
        except Exception as error:  # noqa: BLE001  our mistake on one answer must not cost all the others
            verdict, signature = _broken(trial.task, error, trial.isolation), ""
        if self._closing.is_set() and verdict.outcome is Outcome.infra_error:
            self._ended.put(None)  # its box was destroyed under it
            return
        self._note_sandbox(verdict)
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

    def _note_reply(self, model: str, cost: float | None) -> None:
        with self._lock:
            self._failures[model] = 0
            self._served.add(model)
            if self._allowance is not None:
                self._allowance -= cost or 0.0
                if self._allowance <= 0:
                    self._stopping.set()

    def _note_failure(self, model: str, error: str) -> None:
        with self._lock:
            self._failures[model] += 1
            limit = GIVE_UP_LATER if model in self._served else GIVE_UP_AFTER
            if self._failures[model] >= limit and model not in self.given_up:
                self.given_up[model] = f"given up after {limit} failures in a row: {error}"
                self._log(f"{model}: given up after {limit} failures in a row")

    def _note_sandbox(self, verdict: Verdict) -> None:
        """Stop asking models, which may cost money, when nothing can be graded."""
        with self._lock:
            self._sandbox_failures = self._sandbox_failures + 1 if verdict.outcome is Outcome.infra_error else 0
            if self._sandbox_failures >= GIVE_UP_AFTER and "sandbox" not in self.given_up:
                self.given_up["sandbox"] = f"{GIVE_UP_AFTER} attempts in a row could not be graded: {verdict.detail}"
                self._stopping.set()


def regraded(
    attempts: Sequence[Attempt], tasks: Mapping[str, Task], sandbox: Sandbox, isolation: IsolationLevel
) -> Iterator[Attempt]:
    """Attempts with their replies extracted and graded again, in order."""
    with Pool(sandbox) as pool:

        def again(item: Attempt) -> Attempt:
            task = tasks[item.task]
            assert item.reply is not None
            change: dict[str, Any] = {"category": task.category, "kind": task.kind, "task_hash": task.content_hash}
            try:
                change["extraction"] = extract(task, item.reply, prefix=item.prefix)
                change["verdict"], change["signature"] = grade(task, change["extraction"], pool, isolation)
            except HarnessError:
                raise
            except Exception as error:  # noqa: BLE001  our mistake on one answer must not cost all the others
                change["verdict"], change["signature"] = _broken(task, error, isolation), ""
            return item.model_copy(update=change)

        yield from in_threads(again, attempts, pool, 4)


def in_threads(work: Callable[[T], R], items: Iterable[T], pool: Pool, workers: int) -> Iterator[R]:
    """`work` on every item, in order. Cut short, the boxes go first: no thread is left waiting for a candidate."""
    threads = ThreadPoolExecutor(workers, thread_name_prefix="grade")
    try:
        yield from threads.map(work, items)
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        _destroy(pool)
        raise
    finally:
        threads.shutdown(wait=True, cancel_futures=True)


def _destroy(pool: Pool) -> None:
    """Every box of a pool and of its backend, those in use included; what runs in them ends at once."""
    pool.close()
    pool.sandbox.close()


def _broken(task: Task, error: Exception, isolation: IsolationLevel) -> Verdict:
    detail = _clean(f"harness itself failed, please report it: {type(error).__name__}: {error}")[:2000]
    return Verdict(outcome=Outcome.infra_error, max_points=float(task.points), isolation=isolation, detail=detail)


def _clean(text: str) -> str:
    """Text that every file and database takes: no lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


def storable(reply: Reply) -> Reply:
    """The reply as it can be kept and read again: no lone surrogates, a body nested no deeper than readers go."""
    change: dict[str, Any] = {
        name: _clean(getattr(reply, name)) for name in ("text", "thinking", "finish_reason", "model")
    }
    reply = reply.model_copy(update=change)
    try:
        Reply.model_validate_json(reply.model_dump_json())
    except (ValueError, TypeError, RecursionError):
        return reply.model_copy(update={"raw": _as_text(reply.raw)})
    return reply


def _as_text(raw: Any) -> str:
    try:
        return json.dumps(raw, default=str)
    except (ValueError, TypeError, RecursionError) as error:
        return f"not kept: {error}"
