"""Plan, trials, store: what `harness run` does. The same configuration again resumes."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.config import ModelProfile, RunConfig
from harness.content import load_module
from harness.errors import UsageError, WorkError
from harness.executor import LocalExecutor, Trial
from harness.grading.select import select
from harness.manifest import manifest
from harness.models.catalogue import check_ready, load_catalogue
from harness.sandbox import open_sandbox
from harness.solvers.seeds import attempt_seed
from harness.store import RunPaths, Store
from harness.tasks import load_tasks
from harness.types import Attempt, AttemptKey, Selection, Task

if TYPE_CHECKING:
    from harness.stats.inputs import ReportInput
    from harness.stats.summary import Summary


class Progress(Protocol):
    """What a run tells while it works; the command line shows it."""

    def note(self, line: str) -> None:
        """Something worth a line."""

    def begin(self, total: int, done: int, spent: float) -> None:
        """Attempts in all, those there already, dollars spent on them."""

    def attempt(self, attempt: Attempt) -> None:
        """An attempt has ended."""


@dataclass(frozen=True)
class Plan:
    """A run before anything is called: its tasks, models and attempts."""

    name: str
    config: RunConfig
    tasks: list[Task]
    profiles: dict[str, ModelProfile]

    @property
    def paths(self) -> RunPaths:
        return RunPaths(self.config.out / self.name)

    @property
    def total(self) -> int:
        return len(self.tasks) * len(self.profiles) * self.config.repeats * self.config.best_of

    def trials(self) -> Iterator[Trial]:
        """Every attempt; models take turns, so that a run cut short has compared them on the same tasks."""
        config = self.config
        # Attempts at one task follow each other: a model's server keeps the prompt they share.
        grid = itertools.product(range(config.repeats), self.tasks, range(config.best_of), self.profiles)
        for repeat, task, attempt, model in grid:
            yield Trial(
                task=task,
                model=model,
                repeat=repeat,
                attempt=attempt,
                seed=attempt_seed(config.seed, task.id, model, repeat, attempt),
                solver=config.solver,
                isolation=config.isolation,
            )


@dataclass
class Run:
    """A run that has ended, completely or not."""

    plan: Plan
    summary: Summary
    reports: list[Path]
    incomplete: list[str] = field(default_factory=list)
    """Why work is left over; empty when the run is complete."""


def plan(config: RunConfig) -> Plan:
    """Read tasks and catalogue. Raises UsageError, TaskError, ConfigError before anything is started."""
    if config.select == "judge":
        raise UsageError(
            "--select judge needs a judge, and this version has none", remedy="use verifier, vote or first"
        )
    tasks = load_tasks(config.paths, config.tasks)
    catalogue = load_catalogue(config.catalogue)
    profiles = {name: catalogue.get(name) for name in config.models}
    for profile in profiles.values():
        check_ready(profile)
    return Plan(name=config.name or _name(config, tasks), config=config, tasks=tasks, profiles=profiles)


def run(planned: Plan, progress: Progress) -> Run:
    """Make every attempt that is not in the store yet, select, aggregate, report.

    Raises UsageError when the directory holds another run, WorkError for what stops everything; KeyboardInterrupt leaves a
    store that the same call resumes.
    """
    with Store(planned.paths.root) as store:
        _same_run(store, planned)
        done = store.done()
        _same_tasks(done, planned.tasks)
        todo = [trial for trial in planned.trials() if _key(trial) not in done]
        progress.begin(planned.total, planned.total - len(todo), store.spent())
        incomplete: list[str] = []
        if todo:
            incomplete = _work(planned, store, todo, progress)
            store.finish()
        elif store.fact("manifest") is None:
            store.set_fact("manifest", {})
        return _concluded(planned, store, incomplete)


def _concluded(planned: Plan, store: Store, incomplete: list[str]) -> Run:
    """Select, aggregate, report: what follows when the attempts are there."""
    store.replace_selections(selections(store, planned.tasks, planned.config.select))
    report = _report_input(planned.name, store)
    written = _render(report, planned.paths.root)
    return Run(plan=planned, summary=_summary(report), reports=written, incomplete=incomplete)


def regrade(directory: Path, sandbox: str, progress: Progress) -> Run:
    """Grade the stored replies of a run again, with its tasks as they are now; no model is called.

    Raises StoreError when there is no run, UsageError when a task of it is gone.
    """
    from harness.grading.extract import extract
    from harness.grading.grade import grade
    from harness.sandbox.pool import Pool

    with Store(directory, write=False):
        pass  # a directory without a run is not made one
    with Store(directory) as store:
        config = RunConfig.model_validate(store.fact("config"))
        planned = plan(config.model_copy(update={"name": directory.resolve().name, "out": directory.resolve().parent}))
        known = {task.id: task for task in planned.tasks}
        kept = [item for item in store.attempts() if item.reply is not None]
        gone = sorted({item.task for item in kept if item.task not in known})
        if gone:
            raise UsageError(f"no longer there: {', '.join(gone)}", remedy="restore those tasks, or start a new run")
        progress.begin(len(kept), 0, 0.0)
        with contextlib.closing(open_sandbox(sandbox, progress.note)) as backend, Pool(backend) as pool:

            def again(item: Attempt) -> Attempt:
                task = known[item.task]
                assert item.reply is not None
                extraction = extract(task, item.reply, prefix=item.prefix)
                verdict, signature = grade(task, extraction, pool, config.isolation)
                change = {
                    "extraction": extraction,
                    "verdict": verdict,
                    "signature": signature,
                    "task_hash": task.content_hash,
                }
                return item.model_copy(update=change)

            with ThreadPoolExecutor(4, thread_name_prefix="regrade") as executor:
                for attempt in executor.map(again, kept):
                    store.save(attempt)
                    progress.attempt(attempt)
            _keep_manifest(store, {**(store.fact("manifest") or {}), "regraded": manifest(planned.tasks, backend, {})})
        store.set_fact("tasks", _task_infos(planned.tasks))
        store.finish()
        return _concluded(planned, store, _failures(store))


def _work(planned: Plan, store: Store, todo: Sequence[Trial], progress: Progress) -> list[str]:
    """Carry out the trials; why some were left over."""
    config = planned.config
    spent = store.spent()
    budget = config.budget_usd
    if budget is not None and spent >= budget:
        return [_out_of_budget(budget, len(todo))]
    with contextlib.closing(open_sandbox(config.sandbox, progress.note)) as sandbox:
        executor = LocalExecutor(planned.profiles, sandbox, config.concurrency, progress.note)
        left_out = 0
        with contextlib.closing(executor):
            identities = {name: executor.provider(name).identity() for name in planned.profiles}
            _keep_manifest(store, manifest(planned.tasks, sandbox, identities))
            for trial in todo:
                executor.submit(trial)
            for attempt in executor.results():
                if attempt is None:
                    left_out += 1
                    continue
                store.save(attempt)
                progress.attempt(attempt)
                spent += attempt.cost_usd or 0.0
                if budget is not None and spent >= budget:
                    executor.stop()
        reasons = [f"{name}: {why}" for name, why in executor.given_up.items()]
    reasons += _failures(store)
    if budget is not None and spent >= budget and left_out:
        reasons.append(_out_of_budget(budget, left_out))
    elif left_out:
        reasons.append(f"{left_out} attempts were not made; the same command makes them")
    return reasons


def _failures(store: Store) -> list[str]:
    failed = {name: count for name, count in store.counts().items() if name in ("provider_failure", "infra_error")}
    return [
        f"{count} attempts ended as {name.replace('_', ' ')}; the same command tries them again"
        for name, count in failed.items()
    ]


def _out_of_budget(budget: float, left: int) -> str:
    return f"the budget of {budget} US dollars is spent; {left} attempts were not made (a larger --budget resumes)"


def selections(store: Store, tasks: Sequence[Task], method: str) -> Iterator[Selection]:
    """Best of N for every (task, model, repeat) in the store."""
    known = {task.id: task for task in tasks}
    for (task, _, _), group in itertools.groupby(
        store.attempts(), key=lambda item: (item.task, item.model, item.repeat)
    ):
        if task in known:
            found = select(known[task], list(group), method)
            if found is not None:
                yield found


def load_report_input(directory: Path) -> ReportInput:
    """What a report of a run directory is made of; the attempts are read from the store each time they are walked.

    Raises StoreError when there is no run.
    """
    store = Store(directory, write=False)
    return _report_input(directory.resolve().name, store)


def _report_input(name: str, store: Store) -> ReportInput:
    from harness.stats.inputs import ReportInput, TaskInfo

    tasks = {item["id"]: TaskInfo.model_validate(item) for item in store.fact("tasks") or []}
    return ReportInput(
        name=name,
        attempts=_Attempts(store),
        selections=store.selections(),
        config=store.fact("config") or {},
        manifest=store.fact("manifest") or {},
        notes=store.fact("notes") or {},
        tasks=tasks,
        planned=store.fact("planned"),
    )


class _Attempts:
    """The attempts of a store, as often as they are walked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __iter__(self) -> Iterator[Attempt]:
        return self._store.attempts()


def _render(report: ReportInput, directory: Path) -> list[Path]:
    written: list[Path] = load_module("reports", "render").render(report, directory)
    return written


def _summary(report: ReportInput) -> Summary:
    from harness.stats.summary import summarise

    return summarise(report.attempts, report.selections)


def _key(trial: Trial) -> AttemptKey:
    return AttemptKey(task=trial.task.id, model=trial.model, repeat=trial.repeat, attempt=trial.attempt)


def _name(config: RunConfig, tasks: Sequence[Task]) -> str:
    """A name that the same command finds again."""
    suites = "-".join(dict.fromkeys(task.suite for task in tasks))
    digest = hashlib.sha256(json.dumps(config.identity(), sort_keys=True).encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', suites)[:60]}-{digest}"


def _same_run(store: Store, planned: Plan) -> None:
    """Refuse to mix two configurations in one store."""
    wanted, known = planned.config.identity(), store.fact("identity")
    wanted = json.loads(json.dumps(wanted))
    if known is not None and known != wanted:
        differ = ", ".join(
            f"{key} was {known.get(key)!r}, now {wanted.get(key)!r}"
            for key in wanted
            if known.get(key) != wanted.get(key)
        )
        raise UsageError(
            f"{store.paths.root} holds a run with another configuration: {differ}",
            remedy="choose another --name, or give the same configuration to resume",
        )
    store.set_fact("identity", wanted)
    store.set_fact("planned", planned.total // len(planned.profiles))
    store.set_fact("config", planned.config.model_dump(mode="json"))
    store.set_fact("models", {name: profile.model_dump(mode="json") for name, profile in planned.profiles.items()})
    store.set_fact("notes", {name: profile.note for name, profile in planned.profiles.items() if profile.note})
    store.set_fact("tasks", _task_infos(planned.tasks))


def _task_infos(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """What reports need of the tasks, so that they can be made without them."""
    from harness.stats.inputs import TaskInfo

    return [TaskInfo.of(task).model_dump(mode="json") for task in tasks]


def _same_tasks(done: dict[AttemptKey, str], tasks: Sequence[Task]) -> None:
    """Refuse to mix attempts at two versions of a task."""
    now = {task.id: task.content_hash for task in tasks}
    changed = sorted({key.task for key, made_on in done.items() if key.task in now and made_on != now[key.task]})
    if changed:
        raise UsageError(
            f"changed since this run began: {', '.join(changed)}",
            remedy="choose another --name for a new run, or `harness regrade` to grade the old answers again",
        )


def _keep_manifest(store: Store, found: dict[str, Any]) -> None:
    store.set_fact("manifest", found)
    try:
        draft = store.paths.manifest.with_suffix(".json.new")
        draft.write_text(json.dumps(found, indent=2, default=str) + "\n", encoding="utf-8")
        draft.replace(store.paths.manifest)
    except OSError as error:
        raise WorkError(
            f"{store.paths.manifest} cannot be written: {error.strerror}", remedy="free space, then run again"
        ) from None
