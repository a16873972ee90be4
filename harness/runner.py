"""Plan, trials, store: what `harness run` does. The same configuration again resumes."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.config import JudgeConfig, ModelProfile, RunConfig
from harness.content import load_module
from harness.errors import StoreError, UsageError, WorkError
from harness.executor import LocalExecutor, Trial
from harness.grading.attempts import regraded
from harness.grading.select import select
from harness.judges import CONFLICTS, Counts, Docket, Order, ask, counted, judges_before, reparse, write_down
from harness.judging.choosing import chosen as choose
from harness.judging.prompt import read_template
from harness.judging.results import marked
from harness.manifest import manifest
from harness.models.catalogue import load_catalogue
from harness.plan import Plan, judge_profiles, keep, key_of, same_run, task_infos
from harness.readback import load_report_input, report_input
from harness.sandbox import Sandbox
from harness.sandbox.nothing import sandbox_for
from harness.store import Failures, Store
from harness.tasks import load_tasks
from harness.types import (
    Attempt,
    AttemptKey,
    Judgment,
    Marked,
    ModelCall,
    Purpose,
    SandboxLevel,
    Selection,
    Task,
)

if TYPE_CHECKING:
    from harness.judging.analysis.whole import Judged
    from harness.stats.inputs import ReportInput
    from harness.stats.summary import Summary

__all__ = ["Progress", "Run", "hear", "judge", "load_report_input", "regrade", "run", "selections"]


class Progress(Protocol):
    """What a run tells while it works; the command line shows it."""

    def note(self, line: str) -> None:
        """Something worth a line."""

    def begin(self, total: int, done: int, spent: float, what: str = "attempts") -> None:
        """Attempts, or questions to judges, in all, those there already, dollars spent so far."""

    def attempt(self, attempt: Attempt) -> None:
        """An attempt has ended."""

    def judgment(self, judgment: Judgment) -> None:
        """A judge has answered, or its server failed."""


@dataclass
class Run:
    """A run that has ended, completely or not."""

    plan: Plan
    summary: Summary
    reports: list[Path]
    judged: Judged | None = None
    """What judges said; None where none was asked."""
    incomplete: list[str] = field(default_factory=list)
    """Why work is left over; empty when the run is complete."""
    judges: dict[str, Counts] = field(default_factory=dict)
    """Judge -> what became of its questions."""
    conflicts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Judge -> contestant -> why the judge is not impartial."""


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
            incomplete = hear(planned, store, _order(planned), progress)
        return concluded(planned, store, incomplete)


def _resumed(trial: Trial, ungraded: Mapping[AttemptKey, Attempt]) -> Trial:
    """The trial with the answer that an earlier run paid for and could not grade, if the task is still the same."""
    before = ungraded.get(key_of(trial))
    if before is None or before.task_hash != trial.task.content_hash:
        return trial
    return trial.model_copy(update={"answered": before})


def concluded(planned: Plan, store: Store, incomplete: list[str], chosen: Iterable[Selection] | None = None) -> Run:
    """Select, aggregate, report: what follows when the attempts are there. `chosen`: selections made already."""
    store.replace_selections(selections(store, planned.tasks, planned.config.select) if chosen is None else chosen)
    report = report_input(planned.name, store)
    written = _render(report, planned.paths.root)
    return Run(
        plan=planned,
        summary=_summary(report),
        reports=written,
        judged=_judged(report),
        incomplete=incomplete,
        judges=counted(store),
        conflicts=store.fact(CONFLICTS) or {},
    )


def _order(planned: Plan) -> Order:
    """What the judges of a run are to do; its budget is the run's."""
    config = planned.config
    budget = config.budget_usd
    entries = planned.catalogue.entries.values() if planned.catalogue else ()
    return Order(
        judges=planned.judges,
        mode=config.judge_mode,
        template=read_template(config.rubric) if config.rubric else None,
        seed=config.seed,
        concurrency=config.concurrency,
        allowance=lambda store: None if budget is None else budget - store.spent(),
        known=(*entries, *planned.profiles.values()),
    )


def hear(planned: Plan, store: Store, order: Order, progress: Progress) -> list[str]:
    """Ask the judges what is open, and why some of it is left over: first, where they pick the best of N, for that."""
    reasons: list[str] = []
    _warn_of_unseen(planned, order, progress)
    purposes: tuple[Purpose, ...] = ("select", "compare") if planned.config.select == "judge" else ("compare",)
    for purpose in purposes:
        if purpose == "compare":
            store.replace_selections(selections(store, planned.tasks, planned.config.select))
        docket = Docket(store, planned.tasks, order, purpose)
        counts = docket.count()
        # Who is only asked again has judged before; a judge without an error is not made one of the run's judges.
        asked = {name: profile for name, profile in order.judges.items() if counts[name] or not order.only_errors}
        write_down(docket, store, replace(order, judges=asked), planned.profiles, progress.note)
        number = sum(counts.values())
        if order.only_errors and not number and purpose == "compare":
            progress.note("no question to ask again")
        if number:
            progress.begin(number, 0, store.spent(), "questions to judges")
            reasons += ask(docket, store, order, progress.note, progress.judgment)
    return reasons


def judge(directory: Path, asked: JudgeConfig, progress: Progress, *, dry_run: bool = False) -> Run | dict[str, int]:
    """Have the answers of a run judged, or what judges said read again; with `dry_run` judge -> questions it would get.

    Raises StoreError when there is no run, UsageError for a task that has changed, ConfigError for a judge or a rubric.
    """
    with Store(directory, write=False) as store:  # a directory without a run is not made one
        planned = planned_before(store, directory)
        names = list(dict.fromkeys(asked.judges))
        if not asked.reparse:
            names = names or judges_before(store)
        unchanged(store, planned.tasks)
    catalogue = load_catalogue(asked.catalogue or planned.config.catalogue)
    budget = asked.budget_usd
    order = Order(
        judges={} if asked.reparse else judge_profiles(catalogue, names),
        mode=asked.mode,
        only_errors=asked.only_errors,
        template=read_template(asked.rubric) if asked.rubric else None,
        seed=planned.config.seed if asked.seed is None else asked.seed,
        globs=asked.tasks,
        allowance=lambda store: None if budget is None else budget - store.spent_on_judges(),
        known=(*catalogue.entries.values(), *planned.profiles.values()),
    )
    if dry_run:
        with Store(directory, write=False) as store:
            purposes: tuple[Purpose, ...] = ("select", "compare") if planned.config.select == "judge" else ("compare",)
            found: Counter[str] = Counter(dict.fromkeys(names, 0))
            for purpose in purposes:
                found.update(Docket(store, planned.tasks, order, purpose).count())
            return dict(found)
    with Store(directory) as store:
        if asked.reparse:
            read, changed = reparse(store, names)
            progress.note(f"{read} replies of judges read again, {changed} of them to another result")
            return concluded(planned, store, [])
        return concluded(planned, store, hear(planned, store, order, progress))


def _warn_of_unseen(planned: Plan, order: Order, progress: Progress) -> None:
    """Of several attempts at a conversation only one is shown to judges that compare."""
    several = planned.config.best_of > 1 and any(task.kind == "conversation" for task in planned.tasks)
    if several and (order.mode or "listwise") != "rubric" and not order.only_errors:
        progress.note(
            f"judges see one of {planned.config.best_of} attempts at a conversation, the others stay unscored; "
            "mode rubric shows them all"
        )


def unchanged(store: Store, tasks: Sequence[Task]) -> None:
    """Judges must not be shown another task than was answered. Raises UsageError."""
    now = {task.id: task.content_hash for task in tasks}
    changed = sorted(
        {key.task for key, made_on in store.done().items() if made_on and now.get(key.task, made_on) != made_on}
    )
    if changed:
        raise UsageError(
            f"changed since this run began: {', '.join(changed)}",
            remedy="`harness regrade` grades the old answers by the tasks as they are now; then judge them",
        )


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


def planned_before(store: Store, directory: Path) -> Plan:
    """The plan a run was made by, with the tasks as they are now."""
    kept, models = store.fact("config"), store.fact("models")
    if kept is None or models is None:
        raise StoreError(f"{directory} holds a run that never began", remedy="begin it with `harness run`")
    if not kept["paths"]:
        raise UsageError(f"{directory} was imported without its tasks", remedy="import it with --tasks PATH")
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
    said: dict[tuple[str, str, int], list[Marked]] = {}
    if method == "judge":
        for mark in marked(store.judgments(bare=True), store.labels()):
            if mark.purpose == "select":
                said.setdefault((mark.task, mark.model, mark.repeat), []).append(mark)
    for (task, model, repeat), group in itertools.groupby(
        store.attempts(), key=lambda item: (item.task, item.model, item.repeat)
    ):
        if task in known:
            attempts = list(group)
            if method == "judge":
                found = choose(known[task], attempts, said.get((task, model, repeat), ()))
            else:
                found = select(known[task], attempts, method)
            if found is not None:
                yield found


def _render(report: ReportInput, directory: Path) -> list[Path]:
    written: list[Path] = load_module("reports", "render").render(report, directory)
    return written


def _summary(report: ReportInput) -> Summary:
    from harness.stats.summary import summarise

    return summarise(report.attempts, report.selections)


def _judged(report: ReportInput) -> Judged | None:
    from harness.judging.analysis.whole import judged

    return judged(report.judgments, report.marked, labels=report.labels, families=report.families)


def keep_manifest(store: Store, found: dict[str, Any]) -> None:
    store.set_fact("manifest", found)
    try:
        draft = store.paths.manifest.with_suffix(".json.new")
        draft.write_text(json.dumps(found, indent=2, default=str) + "\n", encoding="utf-8")
        draft.replace(store.paths.manifest)
    except OSError as error:
        raise WorkError(
            f"{store.paths.manifest} cannot be written: {error.strerror}", remedy="free space, then run again"
        ) from None
