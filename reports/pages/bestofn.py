"""Best-of-N: what drawing more attempts and choosing among them gives."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from harness.stats.bestofn import CurvePoint
from harness.stats.numbers import ModelSummary

from .. import charts, text
from ..page import Page, Report, table

METHODS = {
    "verifier": "most points in the visible cases",
    "vote": "agreement of outputs, for want of visible cases",
    "first": "the first attempt",
    "judge": "a judge's choice",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """Curves of one model."""

    model: ModelSummary
    passed: Markup
    score: Markup
    methods: str
    notes: list[str]


def _curve(points: Sequence[CurvePoint], title: str) -> Markup:
    lines = [
        charts.Line("oracle", "oracle", [(point.k, point.oracle) for point in points]),
        charts.Line("selected", "selected", [(point.k, point.selected) for point in points], band=True),
        charts.Line("mean", "one attempt", [(point.k, point.mean) for point in points]),
    ]
    return charts.curve(lines, title)


def _methods(model: ModelSummary) -> str:
    """How selections were made, in words."""
    made = model.coverage.selection_methods
    words = [f"{METHODS.get(method, method)} ({count:,})" for method, count in made.items()]
    return "; ".join(words) or "no selection was made"


def _drawn(report: Report) -> list[ModelSummary]:
    return [model for model in report.models if model.best_of > 1]


def context(report: Report) -> Mapping[str, object]:
    """A figure for each model with more than one attempt a task."""
    figures = [
        Figure(
            model,
            _curve(model.curve, f"{model.model}, pass rate"),
            _curve(model.score_curve, f"{model.model}, mean score"),
            _methods(model),
            [note for note in dict.fromkeys((model.recovery.note, model.curve[-1].mean.note)) if note],
        )
        for model in _drawn(report)
    ]
    return {"figures": figures}


def markdown(report: Report) -> str:
    """Pass rates by k."""
    rows = [
        [text.markdown(model.model), str(point.k)]
        + [text.spoken(score) for score in (point.mean, point.selected, point.oracle)]
        for model in _drawn(report)
        for point in model.curve
    ]
    shares = [
        [text.markdown(m.model), text.spoken(m.recovery), text.spoken(m.recovery_score), text.spoken(m.distinct)]
        for m in _drawn(report)
    ]
    if not rows:
        return "One attempt for each task: nothing to select from.\n"
    recovery = table(["Model", "Recovery, pass rate", "Recovery, score", "Distinct candidates"], shares)
    return table(["Model", "k", "One attempt", "Selected", "Oracle"], rows) + "\n" + recovery


page = Page("best-of-n", "Best of N", context, markdown)
