"""Tasks and categories: where each model passes and where it does not."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.stats.numbers import UNDERPOWERED, CategorySummary, TaskSummary

from .. import charts, text
from ..page import Page, Report, table

MAX_ROWS = 300
"""Tasks shown in the heatmap; a longer list is no picture any more."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one task."""

    heat: str
    hits: str
    detail: str
    selected: str
    """Whether best-of-N found a passing attempt: `yes`, `no`, `2 of 3`, or empty."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    task: str
    title: str
    category: str
    anchor: str
    cells: list[Cell]


def _cell(found: TaskSummary | None, best_of: int) -> Cell:
    if found is None or not found.graded:
        return Cell("none", "–", "no graded attempt", "")
    share = found.pass_at_1.value
    passed = f"{found.hits} of {text.plural(found.graded, 'attempt')} passed"
    score = f"{passed}, mean score {text.percent(found.mean_score)}"
    chosen = found.selected if best_of > 1 else None
    repeats = round(found.graded / best_of) if best_of else 1
    word = ""
    if chosen is not None:
        word = "yes" if chosen == 1 else "no" if chosen == 0 else f"{round(chosen * repeats)} of {repeats}"
    return Cell(charts.heat(share), f"{found.hits}/{found.graded}", score, word)


def _rows(report: Report) -> list[TaskRow]:
    models = [(m.best_of, {found.task: found for found in m.by_task}) for m in report.models]
    names = report.summary.tasks[:MAX_ROWS]
    detailed = {key.task for key in report.drill.attempts}
    places = {task: f"task-{place}" for place, task in enumerate(sorted(detailed), 1)}
    rows = []
    for name in names:
        found = [by_task[name] for _, by_task in models if name in by_task]
        cells = [_cell(by_task.get(name), best_of) for best_of, by_task in models]
        rows.append(TaskRow(name, report.title(name), found[0].category, places.get(name, ""), cells))
    return sorted(rows, key=lambda row: (row.category, row.task))


def _categories(report: Report) -> list[tuple[str, int, bool, list[CategorySummary | None]]]:
    """(category, most tasks, underpowered, one summary a model)."""
    models = [{found.category: found for found in m.categories} for m in report.models]
    rows = []
    for name in sorted({name for model in models for name in model}):
        found = [model.get(name) for model in models]
        most = max(entry.tasks for entry in found if entry)
        rows.append((name, most, most < UNDERPOWERED, found))
    return rows


def _rate(entry: CategorySummary | None) -> str:
    """Pass rate with its interval over tasks, which a single task does not have."""
    if entry is None:
        return "–"
    rate = entry.pass_at_1
    return f"{text.percent(rate.value)} (one task)" if rate.n == 1 else text.spoken(rate)


def context(report: Report) -> Mapping[str, object]:
    """Heatmap rows and category rows."""
    return {
        "rows": _rows(report),
        "categories": _categories(report),
        "left_out": max(0, len(report.summary.tasks) - MAX_ROWS),
        "underpowered": UNDERPOWERED,
        "several": any(model.best_of > 1 for model in report.models),
    }


def markdown(report: Report) -> str:
    """Two tables."""
    names = [text.markdown(model.model) for model in report.models]
    tasks = [
        [text.markdown(row.task), text.markdown(row.category), *(cell.hits for cell in row.cells)]
        for row in _rows(report)
    ]
    categories = [
        [text.markdown(name) + (" (underpowered)" if weak else ""), str(count)] + [_rate(entry) for entry in found]
        for name, count, weak, found in _categories(report)
    ]
    parts = [
        table(["Category", "Tasks", *names], categories),
        "Attempts that passed / graded attempts:\n" if tasks else "",
        table(["Task", "Category", *names], tasks),
    ]
    return "\n".join(part for part in parts if part)


page = Page("tasks", "Tasks and categories", context, markdown)
