"""Has the answers of a run judged: within `harness run`, and afterwards by `harness judge`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from harness.conclusion import Run, concluded, selections
from harness.config import JudgeConfig
from harness.judges import RUBRIC_OF, Docket, Order, ask, judges_before, reparse, write_down, write_down_open
from harness.judging.prompt import read_template
from harness.models.catalogue import load_catalogue
from harness.plan import Plan, judge_profiles, planned_before, unchanged
from harness.progress import Progress
from harness.store import Store
from harness.types import JudgeMode, Purpose
from harness.words import plural


def order_of(planned: Plan) -> Order:
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
        opened = docket.open()
        # Who is only asked again has judged before; a judge without an error is not made one of the run's judges.
        asked = {name: profile for name, profile in order.judges.items() if opened[name] or not order.only_errors}
        write_down(docket, store, replace(order, judges=asked), planned.profiles, progress.note)
        if not order.only_errors:
            write_down_open(docket, store, order, opened)
        number = sum(map(len, opened.values()))
        if order.only_errors and not number and purpose == "compare":
            progress.note("no question to ask again")
        if number:
            progress.begin(number, 0, store.spent(), "question to a judge" if number == 1 else "questions to judges")
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
        mode, rubric = _as_before(planned, store, asked)
    catalogue = load_catalogue(asked.catalogue or planned.config.catalogue)
    budget = asked.budget_usd
    order = Order(
        judges={} if asked.reparse else judge_profiles(catalogue, names),
        mode=mode,
        only_errors=asked.only_errors,
        template=read_template(rubric) if rubric else None,
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
                opened = Docket(store, planned.tasks, order, purpose).open()
                found.update({judge: len(ids) for judge, ids in opened.items()})
            return dict(found)
    with Store(directory) as store:
        if asked.reparse:
            read, changed = reparse(store, names)
            again = plural(read, "reply of a judge", "replies of judges")
            progress.note(f"{again} read again, {changed} of them to another result")
            return concluded(planned, store, [])
        return concluded(planned, store, hear(planned, store, order, progress))


def _as_before(planned: Plan, store: Store, asked: JudgeConfig) -> tuple[JudgeMode | None, Path | None]:
    """The mode to ask in, and a prompt from a file: where nothing was said, those of `harness run --judge`, whose
    judging may have ended early or not begun."""
    config = planned.config
    if asked.only_errors or not config.judges:
        return asked.mode, asked.rubric
    mode = asked.mode or config.judge_mode
    # Once a mode was asked in, the store has its prompt, whatever became of the file.
    begun = mode in (store.fact(RUBRIC_OF) or {})
    return mode, asked.rubric or (None if begun or mode != config.judge_mode else config.rubric)


def _warn_of_unseen(planned: Plan, order: Order, progress: Progress) -> None:
    """Of several attempts at a conversation only one is shown to judges that compare."""
    several = planned.config.best_of > 1 and any(task.kind == "conversation" for task in planned.tasks)
    if several and (order.mode or "listwise") != "rubric" and not order.only_errors:
        progress.note(
            f"judges see one of {planned.config.best_of} attempts at a conversation, the others stay unscored; "
            "mode rubric shows them all"
        )
