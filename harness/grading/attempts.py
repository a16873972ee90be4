"""Attempts that have a reply: their candidate found and graded, the first time or again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from harness.errors import HarnessError
from harness.grading.extract import extract
from harness.grading.grade import grade
from harness.models.storable import clean
from harness.sandbox import Sandbox
from harness.sandbox.pool import Pool
from harness.types import Attempt, IsolationLevel, Outcome, Task, Verdict

T = TypeVar("T")
R = TypeVar("R")

REGRADERS = 4
"""Attempts graded again at once."""


def grade_attempt(attempt: Attempt, task: Task, pool: Pool, isolation: IsolationLevel) -> Attempt:
    """The attempt with its extraction, verdict and signature, made from its reply.

    A candidate that its solver handed over stays as it is; every other one is looked for in the reply. Never raises for
    what a reply or a candidate does.
    """
    assert attempt.reply is not None
    extraction = attempt.extraction
    try:
        if extraction is None or not extraction.handed_over:
            extraction = extract(task, attempt.reply, prefix=attempt.prefix)
        verdict, signature = grade(task, extraction, pool, isolation)
    except HarnessError:
        raise
    except Exception as error:  # noqa: BLE001  our mistake on one answer must not cost all the others
        verdict, signature = _broken(task, error, isolation), ""
    return attempt.model_copy(update={"extraction": extraction, "verdict": verdict, "signature": signature})


def regraded(
    attempts: Sequence[Attempt], tasks: Mapping[str, Task], sandbox: Sandbox, isolation: IsolationLevel
) -> Iterator[Attempt]:
    """Attempts graded again with their tasks as they are now, in order."""
    with Pool(sandbox) as pool:

        def again(item: Attempt) -> Attempt:
            task = tasks[item.task]
            now: dict[str, Any] = {"category": task.category, "kind": task.kind, "task_hash": task.content_hash}
            return grade_attempt(item.model_copy(update=now), task, pool, isolation)

        yield from in_threads(again, attempts, pool, REGRADERS)


def in_threads(work: Callable[[T], R], items: Iterable[T], pool: Pool, workers: int) -> Iterator[R]:
    """`work` on every item, in order. Cut short, the boxes go first: no thread is left waiting for a candidate."""
    threads = ThreadPoolExecutor(workers, thread_name_prefix="grade")
    try:
        yield from threads.map(work, items)
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        pool.abort()
        raise
    finally:
        threads.shutdown(wait=True, cancel_futures=True)


def _broken(task: Task, error: Exception, isolation: IsolationLevel) -> Verdict:
    detail = clean(f"harness itself failed, please report it: {type(error).__name__}: {error}")[:2000]
    return Verdict(outcome=Outcome.infra_error, max_points=float(task.points), isolation=isolation, detail=detail)
