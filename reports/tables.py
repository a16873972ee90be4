"""The numbers of a report for programs: scores.csv, one row a number, and scores.json, the whole summary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from harness.cells import safe
from harness.judging.analysis.standings import Standing
from harness.judging.analysis.whole import Judged
from harness.stats.numbers import Agents, ModelSummary
from harness.stats.score import Score

from . import text
from .page import Report

COLUMNS = ("model", "scope", "name", "k", "metric", "value", "low", "high", "n", "method", "note")
"""`scope` is run, category, task, curve or judge; `name` what it is about; `k` the attempts of a curve."""

SCORES = (
    "pass_at_1", "mean_score", "selected", "selected_score", "oracle", "oracle_score", "hit_rate", "recovery",
    "recovery_score", "distinct", "fence_rate",
)  # fmt: skip
SCHEMA = 1
"""Raised when a key of scores.json changes its meaning or goes."""


def scores_csv(report: Report) -> str:
    """All scores in long form, RFC 4180. Shares are 0..1 in full precision; an empty cell is no value.

    Text that a spreadsheet would take for a formula starts with an apostrophe.
    """
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for model in report.summary.models:
        writer.writerows([safe(cell) for cell in (model.model, *row)] for row in _rows(model))
    if report.judged is not None:
        writer.writerows([safe(cell) for cell in row] for row in _judges(report.judged))
    return sheet.getvalue()


def scores_json(report: Report) -> str:
    """`{"schema", "run", "planned", "not_asked", "notes", "summary", "judges"}` in ASCII.

    `summary` is `harness.stats.numbers.Summary`, `judges` `harness.judging.analysis.whole.Judged` or null.
    """
    document = {
        "schema": SCHEMA,
        "run": report.run.name,
        "planned": report.run.planned,
        "not_asked": dict(report.run.not_asked),
        "notes": dict(report.run.notes),
        "summary": report.summary.model_dump(mode="json"),
        "judges": report.judged.model_dump(mode="json") if report.judged else None,
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


Row = tuple[object, ...]


def _rows(model: ModelSummary) -> Iterator[Row]:
    for metric in SCORES:
        yield ("run", "", "", metric, *_score(getattr(model, metric)))
    for metric, value in _totals(model):
        yield ("run", "", "", metric, value, None, None, model.coverage.attempts, "count", "")
    if model.agents is not None:
        yield from _agents(model.agents)
    for category in model.categories:
        for metric in ("pass_at_1", "mean_score", "selected", "oracle"):
            yield ("category", category.category, "", metric, *_score(getattr(category, metric)))
    for task in model.by_task:
        yield ("task", task.task, "", "pass_at_1", *_score(task.pass_at_1))
        for metric in ("mean_score", "best_score", "selected", "oracle"):
            yield ("task", task.task, "", metric, getattr(task, metric), None, None, task.graded, "share", "")
    for prefix, points in (("pass", model.curve), ("score", model.score_curve)):
        for point in points:
            for metric in ("mean", "selected", "oracle", "worst"):
                yield ("curve", "", point.k, f"{prefix}_{metric}", *_score(getattr(point, metric)))


def _totals(model: ModelSummary) -> Iterator[tuple[str, float | None]]:
    cover, totals = model.coverage, model.totals
    for name in ("attempts", "graded", "provider_failures", "infra_errors", "ungraded", "unscored", "unselected"):
        yield name, getattr(cover, name)
    for outcome, number in model.outcomes.items():
        yield f"outcome_{outcome}", number
    for flag, number in model.pathologies.items():
        yield f"flag_{flag}", number
    for name in ("prompt_tokens", "completion_tokens", "tokens_per_s", "model_s", "sandbox_s", "total_s", "cost_usd"):
        yield name, getattr(totals, name)


def _agents(agents: Agents) -> Iterator[Row]:
    for metric in ("first_try", "last_try"):
        yield ("run", "", "", metric, *_score(getattr(agents, metric)))
    counts: dict[str, float] = {
        name: getattr(agents, name)
        for name in ("attempts", "told", "well_formed", "left", "calls", "refused", "start_s", "wall_s")
    }
    counts |= {f"ended_{ending}": number for ending, number in agents.endings.items()}
    counts |= {f"count_{text.one_line(name)}": number for name, number in agents.counts.items()}
    for metric, value in counts.items():
        method = "median" if metric == "start_s" else "count"
        yield ("run", "", "", f"agent_{metric}", value, None, None, agents.attempts, method, "")


def _judges(judged: Judged) -> Iterator[Row]:
    """The panel's under `run`, in short; every table's under `judge`."""
    if judged.panel is not None:
        for one in judged.panel.models:
            yield (one.model, "run", "", "", "judge_mean", *_score(judged.panel.lead(one)))
            yield (one.model, "run", "", "", "judge_wins", _wins(one), None, None, one.comparisons, "count", "")
    for model, number in _unscored(judged).items():
        yield (model, "run", "", "", "judge_unscored", number, None, None, number, "count", "")
    for ranking in judged.rankings:
        tables = [("panel", ranking.panel), *((f"judge {each.judges[0]}", each) for each in ranking.judges)]
        tables += [("independent", ranking.independent)] if ranking.independent else []
        for name, table in tables:
            for one in table.models:
                yield from _standing(name, ranking.mode, one)


def _unscored(judged: Judged) -> dict[str, int]:
    """Of every model that was judged or should have been."""
    known = [one.model for ranking in judged.rankings for one in ranking.panel.models]
    return {**dict.fromkeys(known, 0), **judged.unscored}


def _standing(name: str, mode: str, one: Standing) -> Iterator[Row]:
    scores = {"win_rate": one.win, "total": one.total, "rubric": one.rubric, "rank": one.rank, "passes": one.passes}
    for metric, score in {**scores, **one.dimensions}.items():
        if score.value is not None:
            yield (one.model, "judge", name, "", f"{mode}_{metric}", *_score(score))
    for metric, value in (("wins", _wins(one)), ("marks", one.scored), ("unscored", one.unscored)):
        yield (one.model, "judge", name, "", f"{mode}_{metric}", value, None, None, one.comparisons, "count", "")


def _wins(one: Standing) -> float | None:
    """None where nothing was compared: who was never read, or never ranked, has not lost."""
    return one.wins if one.comparisons else None


def _score(score: Score) -> Row:
    return (score.value, score.low, score.high, score.n, score.method, score.note)
