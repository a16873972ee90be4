"""Plan, trials, store: what `harness run` does. The same configuration again resumes."""

from __future__ import annotations

import contextlib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from harness.conclusion import Run, concluded
from harness.errors import UsageError
from harness.executor import LocalExecutor, Trial
from harness.grading.attempts import regraded
from harness.hearing import hear, order_of
from harness.manifest import manifest
from harness.plan import Plan, keep, keep_manifest, key_of, planned_before, same_run, task_infos
from harness.progress import Progress
from harness.sandbox import Sandbox
from harness.sandbox.nothing import sandbox_for
from harness.store import Failures, Store
from harness.types import Attempt, AttemptKey, ModelCall, SandboxLevel
from harness.words import plural


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
        if planned.judges and incomplete:
            # Their questions would change with the attempts that are missing, and be asked twice.
            incomplete.append("judges are asked when all attempts are there; `harness judge` asks them now")
        elif planned.judges:
            incomplete = hear(planned, store, order_of(planned), progress)
        return concluded(planned, store, incomplete)


def _resumed(trial: Trial, ungraded: Mapping[AttemptKey, Attempt]) -> Trial:
    """The trial with the answer that an earlier run paid for and could not grade, if the task is still the same."""
    before = ungraded.get(key_of(trial))
    if before is None or before.task_hash != trial.task.content_hash:
        return trial
    return trial.model_copy(update={"answered": before})


def regrade(directory: Path, sandbox: str, progress: Progress, require_isolation: SandboxLevel | None = None) -> Run:
    """Grade the stored replies of a run again, with its tasks as they are now; no model is called or needed.

    Without `require_isolation`, what the run itself required holds.

    Raises StoreError when there is no run, UsageError when a task of it is gone.
    """
    with Store(directory, write=False) as store:  # a directory without a run is not made one
        planned = planned_before(store, directory)
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
        keep_manifest(store, {**(store.fact("manifest") or {}), "regraded": found})
        store.set_fact("tasks", task_infos(planned.tasks))
        store.finish()
        return concluded(planned, store, _failures(store, {}))


def _sandbox(planned: Plan, progress: Progress) -> Sandbox:
    return sandbox_for(planned.tasks, planned.config.sandbox, progress.note, planned.config.require_isolation)


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
            keep_manifest(store, manifest(planned.tasks, sandbox, identities))
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
        reasons.append(f"{_not_made(left_out)}; the same command makes them")
    return reasons


def _failures(store: Store, explained: Container[str]) -> list[str]:
    """What is in the store and counts as not done, but for the models that were explained already."""
    return [
        f"{item.model}: {_counted(item)}, the same `harness run` tries again: {item.why.partition(chr(10))[0]}"
        for item in store.failures()
        if not (item.name == "provider_failure" and item.model in explained)
    ]


def _counted(item: Failures) -> str:
    return f"{plural(item.number, 'attempt')} ended as {item.name.replace('_', ' ')}"


def _not_made(number: int) -> str:
    return f"{plural(number, 'attempt')} {'was' if number == 1 else 'were'} not made"


def _out_of_budget(budget: float, left: int) -> str:
    return f"the budget of {budget} US dollars is spent; {_not_made(left)} (a larger --budget resumes)"
