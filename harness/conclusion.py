"""What follows when the attempts of a run are there: select, count, report."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.content import load_module
from harness.grading.select import select
from harness.judges import CONFLICTS, Counts, counted
from harness.judging.choosing import chosen as choose
from harness.judging.results import marked
from harness.judging.verdicts import left_open, without_flag
from harness.plan import Plan
from harness.readback import report_input
from harness.store import Store
from harness.types import Attempt, Marked, Selection, Task

if TYPE_CHECKING:
    from harness.judging.analysis.whole import Judged
    from harness.stats.inputs import ReportInput
    from harness.stats.numbers import Summary


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
    left_open: dict[str, int] = field(default_factory=dict)
    """Model -> its unscored attempts that judges have marked, without a majority that says whether they pass."""
    without_flag: dict[str, int] = field(default_factory=dict)
    """Judge -> its readings about conversations without a pass flag."""


def concluded(planned: Plan, store: Store, incomplete: list[str], chosen: Iterable[Selection] | None = None) -> Run:
    """Select, aggregate, report: what follows when the attempts are there. `chosen`: selections made already."""
    store.replace_selections(selections(store, planned.tasks, planned.config.select) if chosen is None else chosen)
    report = report_input(planned.name, store)
    written = _render(report, planned.paths.root)
    open_: Counter[str] = Counter()
    talk = {name for name, info in report.tasks.items() if info.kind == "conversation"}
    return Run(
        plan=planned,
        summary=_summary(report, open_),
        reports=written,
        judged=_judged(report),
        incomplete=incomplete,
        judges=counted(store),
        conflicts=store.fact(CONFLICTS) or {},
        left_open=dict(open_),
        without_flag=without_flag(report.marked, talk),
    )


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


def _summary(report: ReportInput, open_: Counter[str]) -> Summary:
    """The numbers; `open_` counts by model what judges leave open, in the same walk over the attempts."""
    from harness.stats.summary import summarise

    def watched() -> Iterator[Attempt]:
        for attempt in report.attempts:
            open_[attempt.model] += left_open(attempt)
            yield attempt

    return summarise(watched(), report.selections)


def _judged(report: ReportInput) -> Judged | None:
    from harness.judging.analysis.whole import judged

    return judged(
        report.judgments, report.marked, labels=report.labels, families=report.families, unasked=report.unasked
    )
