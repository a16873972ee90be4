"""Files of recorded replies become a run directory; the same again resumes, or finds everything done."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, cast

from harness.conclusion import Run, concluded
from harness.config import ModelProfile, RunConfig
from harness.errors import UsageError
from harness.grading.attempts import grade_attempt, in_threads
from harness.grading.select import select
from harness.importing.attempts import KIND, attempt_of, suite_of
from harness.importing.judgments import judgments_of
from harness.importing.survey import Survey, Tasks, lines_of, survey, wanted
from harness.manifest import manifest
from harness.plan import Plan, checked, keep, keep_manifest
from harness.progress import Progress
from harness.sandbox import Sandbox
from harness.sandbox.nothing import sandbox_for
from harness.sandbox.pool import Pool
from harness.store import Store
from harness.tasks import load_tasks
from harness.tasks.turns import replies_of
from harness.types import Attempt, Outcome, SandboxLevel, Selection, Task
from harness.words import plural

PROVIDER = "import"
FACT = "imported"
"""What was imported: files, their hash, how many lines of which kind."""
TOGETHER = 500
"""Attempts kept in one transaction, and graded at a time."""
GRADERS = 4


@dataclass(frozen=True)
class Order:
    """What is to be imported, and how."""

    files: tuple[Path, ...]
    name: str
    tasks: tuple[Path, ...] = ()
    """Suites that the replies are matched with and graded by; none takes the file's word."""
    out: Path = Path("runs")
    replace: bool = False
    """Throw away another import of the same name, with what was judged of it since."""
    sandbox: str = "auto"
    require_isolation: SandboxLevel | None = None


@dataclass
class Imported:
    """A run that was imported."""

    run: Run
    counts: dict[str, int] = field(default_factory=dict)
    """`replies`, `judgments`, `models`, `tasks`, `graded` here, `differ`: graded here and recorded otherwise."""
    unchanged: bool = False
    """It was there already, complete."""
    lacking: dict[str, int] = field(default_factory=dict)
    """`1 of 2 replies` -> replies without a verdict that cannot be graded for it."""


def load(order: Order, progress: Progress) -> Imported:
    """Check all lines, then keep them. Nothing is written before every line is known to be right.

    Raises UsageError for a line that is wrong, for a name that another run has, StoreError for the disk.
    """
    tasks = load_tasks(order.tasks) if order.tasks else []
    known = Tasks(tasks)
    found = survey(order.files, known)
    # Before anything is stored: a judgment may be about nobody.
    judged = sum(1 for _ in judgments_of(found))
    planned = _plan(order, tasks, found)
    identity = {"lines": found.digest, "tasks": {task.id: task.content_hash for task in tasks}}
    if order.replace:
        _clear(planned, identity)
    with Store(planned.paths.root) as store:
        before = _same(store, identity)
        if before is not None and before["complete"]:
            done = concluded(planned, store, [], _selections(store, known))
            return Imported(done, before["counts"], unchanged=True, lacking=dict(found.lacking))
        keep(store, planned)
        store.set_fact("identity", {FACT: identity})
        store.set_fact("planned", None)
        counts = {
            "replies": len(found.attempts),
            "judgments": judged,
            "models": len(found.models),
            "tasks": len(found.tasks),
            "graded": before["counts"]["graded"] if before else 0,
            "differ": before["counts"]["differ"] if before else 0,
        }
        fact = {"identity": identity, "counts": counts, "complete": False}
        store.set_fact(FACT, fact)
        incomplete = _keep_attempts(store, order, found, known, fact, progress)
        with store.together():
            for judgment, labelled in judgments_of(found):
                store.save_judgment(judgment, labelled)
        store.set_fact(FACT, {**fact, "complete": not incomplete})
        store.finish()
        done = concluded(planned, store, incomplete, _selections(store, known))
        return Imported(done, counts, lacking=dict(found.lacking))


def _plan(order: Order, tasks: Sequence[Task], found: Survey) -> Plan:
    """The run as one that was planned; tasks that only the file knows are what it says of them."""
    profiles = {
        name: ModelProfile(name=name, provider=PROVIDER, model=line.model, family=line.family or "")
        for name, line in sorted(found.models.items())
    }
    told = [
        Task(
            id=ident,
            suite=suite_of(ident),
            name=ident.rpartition("/")[2],
            kind=facts.kind or KIND,
            category=facts.category or "general",
            instruction="",
        )
        for ident, facts in found.tasks.items()
    ]
    config = RunConfig(
        paths=order.tasks,
        models=tuple(profiles),
        name=checked(order.name),
        out=order.out,
        best_of=1 + max(key.attempt for key in found.attempts),
        repeats=1 + max(key.repeat for key in found.attempts),
        sandbox=order.sandbox,
        require_isolation=order.require_isolation,
    )
    return Plan(name=order.name, config=config, tasks=list(tasks) or told, profiles=profiles)


def _same(store: Store, identity: dict[str, Any]) -> dict[str, Any] | None:
    """What is known of an earlier import of the same content. Raises UsageError where the name is another run's."""
    before: dict[str, Any] | None = store.fact(FACT)
    if before is None:
        if store.fact("identity") is not None:
            raise UsageError(f"{store.paths.root} is a run that was not imported", remedy="choose another --name")
        return None
    if before["identity"] != identity:
        raise UsageError(
            f"{store.paths.root} was imported from other content",
            remedy="choose another --name, or --replace throws that import away, with what was judged of it since",
        )
    return before


def _clear(planned: Plan, identity: dict[str, Any]) -> None:
    """Throw away what another import left. Never anything of a run that called models."""
    paths = planned.paths
    if not paths.store.is_file():
        return
    with Store(paths.root, write=False) as store:
        before = store.fact(FACT)
    if before is None or before["identity"] == identity:
        return
    with Store(paths.root):  # nobody else works there
        for path in (*paths.root.glob("report.*"), *paths.root.glob("scores.*"), *paths.root.glob("store.db*")):
            path.unlink()
        for path in (paths.raw, paths.manifest):
            path.unlink(missing_ok=True)


def _keep_attempts(
    store: Store, order: Order, found: Survey, known: Tasks, fact: dict[str, Any], progress: Progress
) -> list[str]:
    """Store every attempt that is not there yet, graded where it can be; why some are left over. Counts in `fact`."""
    counts: dict[str, int] = fact["counts"]
    done = store.done()
    progress.begin(len(found.attempts), sum(key in done for key in found.attempts), 0.0)
    every = (
        attempt_of(line, found.tasks[line.task], known.known.get(line.task))
        for line in lines_of(order.files, known, found.digest)
    )
    missing = (item for item in every if item.key not in done)
    with contextlib.ExitStack() as stack:
        grader = _Grader(order, known, progress, stack)
        while group := list(islice(missing, TOGETHER)):
            graded = grader.grade(group)
            counts["graded"] += sum(after is not before for before, after in zip(group, graded, strict=True))
            counts["differ"] += sum(map(_differs, group, graded))
            with store.together():
                for attempt in graded:
                    store.save(attempt)
                store.set_fact(FACT, fact)
            for attempt in graded:
                progress.attempt(attempt)
        keep_manifest(store, _manifest(order, found, known, counts, grader.backend))
    failed = [item for item in store.failures() if item.name == Outcome.infra_error.value]
    return [
        f"{item.model}: {plural(item.number, 'reply', 'replies')} could not be graded, "
        f"the same `harness import` tries again: {item.why.partition(chr(10))[0]}"
        for item in failed
    ]


class _Grader:
    """Grades replies to tasks that are known."""

    def __init__(self, order: Order, known: Tasks, progress: Progress, stack: contextlib.ExitStack) -> None:
        self._order, self._known, self._progress, self._stack = order, known, progress, stack
        self.backend: Sandbox | None = None
        self._pool = cast("Pool", _Later(self._open))

    def grade(self, group: Sequence[Attempt]) -> list[Attempt]:
        """The attempts in order; those that cannot be graded here are the same objects."""
        tasks, pool = self._known.known, self._pool
        todo = [item for item in group if (task := tasks.get(item.task)) and gradable(item, task)]
        verdicts = in_threads(
            lambda item: grade_attempt(item, tasks[item.task], pool, "candidate"), todo, pool, GRADERS
        )
        graded = {item.key: item for item in verdicts}
        return [_better(item, graded.get(item.key)) for item in group]

    def _open(self) -> Pool:
        order = self._order
        tasks = self._known.known.values()
        backend = sandbox_for(tasks, order.sandbox, self._progress.note, order.require_isolation)
        self.backend = self._stack.enter_context(contextlib.closing(backend))
        return self._stack.enter_context(Pool(backend, size=GRADERS, log=self._progress.note))


class _Later:
    """A pool that is opened when the first candidate is to run: conversations need none."""

    def __init__(self, opener: Callable[[], Pool]) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._pool: Pool | None = None

    def abort(self) -> None:
        if self._pool is not None:
            self._pool.abort()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._pool is None:
                self._pool = self._opener()
        return getattr(self._pool, name)


def gradable(attempt: Attempt, task: Task) -> bool:
    """Whether there is a reply, all of it, and something to hold against it."""
    if attempt.reply is None:
        return False
    if task.kind != "conversation":
        return True
    given = attempt.extraction.candidate if attempt.extraction else None
    return given is None or (bool(task.cases) and len(replies_of(given.files)) == wanted(task))


def _better(recorded: Attempt, graded: Attempt | None) -> Attempt:
    """What was found here counts, unless it is nothing and the file says something."""
    if graded is None or (graded.outcome is Outcome.unscored and recorded.outcome is not Outcome.unscored):
        return recorded
    return graded


def _differs(recorded: Attempt, graded: Attempt) -> bool:
    """Whether another verdict was recorded than was found here."""
    known = recorded.outcome.counts and graded.outcome.counts
    return graded is not recorded and known and recorded.outcome != graded.outcome


def _selections(store: Store, known: Tasks) -> Iterator[Selection]:
    """Best of N on visible evidence, where tasks tell what is visible; otherwise only where there is no choice."""
    attempts: Iterable[Attempt] = store.attempts()
    for (ident, _, _), group in groupby(attempts, key=lambda item: (item.task, item.model, item.repeat)):
        several, task = list(group), known.known.get(ident)
        graded = any(case.visible for item in several if item.verdict for case in item.verdict.cases)
        if len(several) == 1 or (task is not None and graded):
            method = "verifier" if task is not None and graded else "first"
            found = select(task or Task(id=ident, suite="", name=ident, kind=KIND, instruction=""), several, method)
            if found is not None:
                yield found


def _manifest(
    order: Order, found: Survey, known: Tasks, counts: dict[str, int], backend: Sandbox | None
) -> dict[str, Any]:
    facts = manifest(list(known.known.values()), backend or _Nowhere(), {})
    facts[FACT] = {"files": [str(path) for path in order.files], "sha256": found.digest, **counts}
    return facts


class _Nowhere:
    """The sandbox of an import that ran nothing."""

    name = "none"

    def layers(self) -> dict[str, str]:
        return {}
