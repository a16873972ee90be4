"""Plan, trials, store: what `harness run` does. The same configuration again resumes."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.config import ModelProfile, RunConfig
from harness.content import load_module
from harness.errors import StoreError, UsageError, WorkError
from harness.executor import LocalExecutor, Trial
from harness.grading.attempts import regraded
from harness.grading.select import select
from harness.manifest import manifest
from harness.plan import Plan, keep, key_of, same_run, task_infos
from harness.sandbox import Sandbox
from harness.sandbox.nothing import sandbox_for
from harness.store import Failures, Store
from harness.tasks import load_tasks
from harness.types import Attempt, AttemptKey, ModelCall, SandboxLevel, Selection, Task

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


@dataclass
class Run:
    """A run that has ended, completely or not."""

    plan: Plan
    summary: Summary
    reports: list[Path]
    incomplete: list[str] = field(default_factory=list)
    """Why work is left over; empty when the run is complete."""


def run(planned: Plan, progress: Progress) -> Run:
    """Make every attempt that is not in the store yet, select, aggregate, report.

    Raises UsageError when the directory holds another run, WorkError for what stops everything; KeyboardInterrupt
    leaves a store that the same call resumes.
    """
    with Store(planned.paths.root) as store:
        same_run(store, planned)
        keep(store, planned)
        for line in planned.notes():
            progress.note(line)
        for model in planned.not_asked:
            # Where it failed before the catalogue said so, nobody will try again.
            store.forget_failures(model, [task.id for task in planned.tasks if task.pictures])
        done, ungraded = store.done(), store.ungraded()
        todo = [_resumed(trial, ungraded) for trial in planned.trials() if key_of(trial) not in done]
        progress.begin(planned.total, planned.total - len(todo), store.spent())
        incomplete: list[str] = []
        if todo:
            incomplete = _work(planned, store, todo, progress)
        if todo or planned.not_asked:
            store.finish()
        return _concluded(planned, store, incomplete)


def _resumed(trial: Trial, ungraded: Mapping[AttemptKey, Attempt]) -> Trial:
    """The trial with the answer that an earlier run paid for and could not grade, if the task is still the same."""
    before = ungraded.get(key_of(trial))
    if before is None or before.task_hash != trial.task.content_hash:
        return trial
    return trial.model_copy(update={"answered": before})


def _concluded(planned: Plan, store: Store, incomplete: list[str]) -> Run:
    """Select, aggregate, report: what follows when the attempts are there."""
    store.replace_selections(selections(store, planned.tasks, planned.config.select))
    report = _report_input(planned.name, store)
    written = _render(report, planned.paths.root)
    return Run(plan=planned, summary=_summary(report), reports=written, incomplete=incomplete)


def regrade(directory: Path, sandbox: str, progress: Progress, require_isolation: SandboxLevel | None = None) -> Run:
    """Grade the stored replies of a run again, with its tasks as they are now; no model is called or needed.

    Without `require_isolation`, what the run itself required holds.

    Raises StoreError when there is no run, UsageError when a task of it is gone.
    """
    with Store(directory, write=False) as store:  # a directory without a run is not made one
        planned = _planned_before(store, directory)
    known = {task.id: task for task in planned.tasks}
    with Store(directory) as store:
        kept = [item for item in store.attempts() if item.reply is not None]
        gone = sorted({item.task for item in kept if item.task not in known})
        if gone:
            raise UsageError(f"no longer there: {', '.join(gone)}", remedy="restore those tasks, or start a new run")
        progress.begin(len(kept), 0, 0.0)
        required = require_isolation or planned.config.require_isolation
        with contextlib.closing(sandbox_for(planned.tasks, sandbox, progress.note, required)) as backend:
            for attempt in regraded(kept, known, backend, planned.config.isolation):
                store.save(attempt)
                progress.attempt(attempt)
            found = manifest(planned.tasks, backend, {})
        _keep_manifest(store, {**(store.fact("manifest") or {}), "regraded": found})
        store.set_fact("tasks", task_infos(planned.tasks))
        store.finish()
        return _concluded(planned, store, _failures(store, {}))


def _sandbox(planned: Plan, progress: Progress) -> Sandbox:
    return sandbox_for(planned.tasks, planned.config.sandbox, progress.note, planned.config.require_isolation)


def _planned_before(store: Store, directory: Path) -> Plan:
    """The plan a run was made by, with the tasks as they are now."""
    kept, models = store.fact("config"), store.fact("models")
    if kept is None or models is None:
        raise StoreError(f"{directory} holds a run that never began", remedy="begin it with `harness run`")
    root = directory.resolve()
    began_in = Path(store.fact("began_in") or "")
    paths = [began_in / path for path in kept["paths"]]
    config = RunConfig.model_validate({**kept, "paths": paths, "name": root.name, "out": root.parent})
    profiles = {name: ModelProfile.model_validate(profile) for name, profile in models.items()}
    return Plan(name=root.name, config=config, tasks=load_tasks(config.paths, config.tasks), profiles=profiles)


def _work(planned: Plan, store: Store, todo: Sequence[Trial], progress: Progress) -> list[str]:
    """Carry out the trials; why some were left over."""
    budget, spent = planned.config.budget_usd, store.spent()
    if budget is not None and spent >= budget and not any(trial.answered for trial in todo):
        return [_out_of_budget(budget, len(todo))]
    for profile in planned.profiles.values():
        limits = {"--budget": budget, "budget_usd of its agent": planned.config.agent.budget_usd}
        blind = [name for name, limit in limits.items() if limit is not None]
        if blind and profile.price is None and not profile.local:
            progress.note(f"{profile.name}: no price in the catalogue, so {' and '.join(blind)} does not count it")
    with contextlib.closing(_sandbox(planned, progress)) as sandbox:
        left = None if budget is None else budget - spent
        config = planned.config
        executor = LocalExecutor(planned.profiles, sandbox, config.concurrency, progress.note, left, config.agent)
        with contextlib.closing(executor):
            identities = {name: executor.provider(name).identity() for name in planned.profiles}
            _keep_manifest(store, manifest(planned.tasks, sandbox, identities))
            for solver in {trial.solver: trial for trial in reversed(todo)}.values():
                executor.prepare(solver)
            for trial in todo:
                executor.submit(trial)
            left_out = 0
            for attempt in executor.results():
                if attempt is None:
                    left_out += 1
                    continue
                if isinstance(attempt, ModelCall):
                    store.save_call(attempt)
                    continue
                store.save(attempt)
                progress.attempt(attempt)
    reasons = [f"{name}: {why}" for name, why in executor.given_up.items()]
    reasons += _failures(store, executor.given_up)
    if budget is not None and store.spent() >= budget and left_out:
        reasons.append(_out_of_budget(budget, left_out))
    elif left_out:
        reasons.append(f"{left_out} attempts were not made; the same command makes them")
    return reasons


def _failures(store: Store, explained: Container[str]) -> list[str]:
    """What is in the store and counts as not done, but for the models that were explained already."""
    return [
        f"{item.model}: {_counted(item)}, the same `harness run` tries again: {item.why.partition(chr(10))[0]}"
        for item in store.failures()
        if not (item.name == "provider_failure" and item.model in explained)
    ]


def _counted(item: Failures) -> str:
    return f"{item.number} attempt{'s' * (item.number > 1)} ended as {item.name.replace('_', ' ')}"


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
    with Store(directory, write=False) as store:
        return _report_input(directory.resolve().name, store)


def _report_input(name: str, store: Store) -> ReportInput:
    from harness.stats.inputs import ReportInput, TaskInfo

    tasks = {item["id"]: TaskInfo.model_validate(item) for item in store.fact("tasks") or []}
    return ReportInput(
        name=name,
        attempts=_Attempts(store.paths.root),
        selections=store.selections(),
        config=store.fact("config") or {},
        manifest=store.fact("manifest") or {},
        notes=store.fact("notes") or {},
        tasks=tasks,
        calls=_Calls(store.paths.root),
        planned=store.fact("planned"),
        not_asked=store.fact("not_asked") or {},
    )


class _Attempts:
    """The attempts of a run directory, as often as they are walked; nothing stays open in between."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __iter__(self) -> Iterator[Attempt]:
        with Store(self._directory, write=False) as store:
            yield from store.attempts()


class _Calls:
    """The calls of a session, read when they are asked for, without what was asked: that grows with every call."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, session: str) -> list[ModelCall]:
        with Store(self._directory, write=False) as store:
            return [call.model_copy(update={"request": None}) for call in store.calls(session)]


def _render(report: ReportInput, directory: Path) -> list[Path]:
    written: list[Path] = load_module("reports", "render").render(report, directory)
    return written


def _summary(report: ReportInput) -> Summary:
    from harness.stats.summary import summarise

    return summarise(report.attempts, report.selections)


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
