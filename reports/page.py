"""What a page of a report is, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.judging.analysis.whole import Judged
from harness.stats.inputs import ReportInput
from harness.stats.numbers import ModelSummary, Summary

from .drill import Drill


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a page may show. Built once, read by every page."""

    run: ReportInput
    summary: Summary
    drill: Drill
    show_hidden: bool = False
    judged: Judged | None = None
    """None where no judge was asked."""

    @property
    def models(self) -> list[ModelSummary]:
        """The models, greatest pass@1 first, which is an order to read them in and no ranking."""
        return sorted(self.summary.models, key=lambda m: (-(m.pass_at_1.value or 0), -(m.mean_score.value or 0)))

    def title(self, task: str) -> str:
        """A task's one line for people; its id when it has none."""
        info = self.run.tasks.get(task)
        return info.title if info and info.title else task


@dataclass(frozen=True, slots=True)
class Page:
    """One section of the HTML report and of the Markdown one.

    `templates/pages/<name>.html` is filled with what `context` returns, and with `report`.
    """

    name: str
    """Also the section's anchor."""
    title: str
    context: Callable[[Report], Mapping[str, object]]
    markdown: Callable[[Report], str]
    """The body under the page's heading; empty leaves the page out of the Markdown report."""
    applies: Callable[[Report], bool] = lambda report: True
    """Whether this run has anything for the page to show."""


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table. Cells are taken as they are: pass what is not ours through `text.markdown`."""
    if not rows:
        return ""
    align = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, align, *rows]) + "\n"
