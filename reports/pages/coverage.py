"""Coverage and failures: what the rates rest on, what went wrong, and how replies looked."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from harness.stats.numbers import Coverage, ModelSummary
from harness.types import Outcome

from .. import charts, text
from ..page import Page, Report, table

MEANINGS = {
    Outcome.passed: "every case, visible and hidden",
    Outcome.unscored: "only judges could say, and they have not, or not with a majority: in no rate",
    Outcome.wrong_answer: "at least one answer differs, or misses a criterion",
    Outcome.runtime_error: "raised an exception, or could not be imported",
    Outcome.crash: "the process ended by a signal or an exit",
    Outcome.output_limit: "wrote more than it may",
    Outcome.timeout: "took longer than it may",
    Outcome.oom: "used more memory than it may",
    Outcome.artifact_rejected: "handed in a file that may not be taken out",
    Outcome.tampered: "interfered with its own grading",
    Outcome.no_candidate: "nothing to run: empty, refused or cut off",
    Outcome.infra_error: "the sandbox failed, not the candidate: in no rate",
}


PATHOLOGIES = {
    "repetition": ("Loops", "attempts that end in repeating themselves"),
    "prompt_echo": ("Prompt echoes", "attempts that repeat the prompt"),
    "fences_unwanted": ("Unwanted fences", "attempts with Markdown fences although the prompt forbids them"),
    "identical_samples": ("One answer only", "tasks with the same candidate each time, whatever the seed"),
    "duplicates": ("Duplicates", "tasks with some equal candidates under different seeds"),
    "bimodal": ("Two minds", "tasks whose scores fall into two groups, nothing between"),
    "no_speed": ("No speed", "attempts for which the server told no tokens or no time"),
}
"""Flags that have no row of their own above."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    name: str
    meaning: str
    cells: list[tuple[int, Markup]]


def _outcomes(models: list[ModelSummary]) -> list[OutcomeRow]:
    """One row an outcome that occurred, with a bar for its share of the attempts."""
    rows = []
    for outcome, meaning in MEANINGS.items():
        counts = [(model.outcomes.get(outcome.value, 0), model.coverage.attempts) for model in models]
        if any(number for number, _ in counts):
            cells = [(number, charts.bar(number / attempts if attempts else 0)) for number, attempts in counts]
            rows.append(OutcomeRow(outcome.value.replace("_", " "), meaning, cells))
    return rows


def _facts(report: Report) -> list[tuple[str, str, list[str]]]:
    """(fact, what it means, one value a model)."""
    models = report.models
    cover = [model.coverage for model in models]
    rows: list[tuple[str, str, list[str]]] = []
    planned = [report.run.planned_for(model.model) for model in models]
    if report.run.planned is not None:
        missing = [text.count(max(0, (n or 0) - c.attempts)) for n, c in zip(planned, cover, strict=True)]
        number = f"{planned[0]:,}" if len(set(planned)) == 1 else " / ".join(text.count(n) for n in planned)
        rows.append(("Missing", f"of {number} planned: not made yet", missing))
    if report.run.not_asked:
        left_out = [text.count(report.run.not_asked.get(model.model, 0)) for model in models]
        rows.append(("Tasks not asked", "they show pictures, which this model does not see: in no rate", left_out))
    counts: list[tuple[str, str, Callable[[Coverage], int]]] = [
        ("Attempts", "in this run", lambda c: c.attempts),
        ("Graded", "the denominator of every rate", lambda c: c.graded),
        ("Provider failures", "the model's server failed: in no rate", lambda c: c.provider_failures),
        ("Infrastructure errors", "the sandbox failed: in no rate", lambda c: c.infra_errors),
        ("Not graded", "stopped before grading: in no rate", lambda c: c.ungraded),
        (
            "Unscored",
            "only judges could say, and they have not, or not with a majority: in no rate",
            lambda c: c.unscored,
        ),
        ("Tasks in no rate", "no attempt at them was graded", lambda c: len(c.tasks_without_grade)),
        ("Without selection", "task repeats for which nothing was selected", lambda c: c.unselected),
        ("Unusable selections", "the selected attempt was not graded", lambda c: c.unusable_selections),
    ]
    rows += [(name, meaning, [text.count(value(c)) for c in cover]) for name, meaning, value in counts]
    return rows


def _never_asked(report: Report) -> list[str]:
    """A sentence on each model that was given no task at all, and so has no column."""
    shown = {model.model for model in report.models}
    return [
        f"{text.one_line(name)} was not asked: {text.plural(number, 'task')} with pictures, which it does not see."
        for name, number in report.run.not_asked.items()
        if name not in shown
    ]


def _replies(report: Report) -> list[tuple[str, str, list[str]]]:
    models = report.models
    cover = [model.coverage for model in models]
    return [
        ("Markdown fences", "share of replies that used them", [text.spoken(m.fence_rate) for m in models]),
        (
            "Distinct candidates",
            "different by hash, of those drawn together",
            [text.spoken(m.distinct) for m in models],
        ),
        ("Empty replies", "no text at all", [text.count(c.empty_replies) for c in cover]),
        ("Thinking only", "empty, but with thinking", [text.count(c.thinking_only) for c in cover]),
        ("Cut by length", "the token limit ended the reply", [text.count(c.cut_by_length) for c in cover]),
        *[
            (name, meaning, [text.count(m.pathologies.get(flag, 0)) for m in models])
            for flag, (name, meaning) in PATHOLOGIES.items()
        ],
    ]


def context(report: Report) -> Mapping[str, object]:
    """Facts, outcomes, replies and failures."""
    return {
        "facts": _facts(report),
        "outcomes": _outcomes(report.models),
        "replies": _replies(report),
        "never_asked": _never_asked(report),
        "failures": [(m.model, text.one_line(why), n) for m in report.models for why, n in m.coverage.failures.items()],
        "ungraded": [
            (m.model, m.coverage.tasks_without_grade) for m in report.models if m.coverage.tasks_without_grade
        ],
    }


def markdown(report: Report) -> str:
    """Three tables."""
    names = [text.markdown(model.model) for model in report.models]
    unseen = "".join(f"\n{text.markdown(line)}\n" for line in _never_asked(report))
    if not names:
        return f"No attempts.\n{unseen}"
    outcomes = [[row.name, *(f"{number:,}" for number, _ in row.cells)] for row in _outcomes(report.models)]
    parts = [
        table(["Coverage", *names], [[name, *values] for name, _, values in _facts(report)]),
        table(["Outcome", *names], outcomes),
        table(["Replies", *names], [[name, *values] for name, _, values in _replies(report)]),
    ]
    return "\n".join(part for part in parts if part) + unseen


page = Page("coverage", "Coverage and failures", context, markdown)
