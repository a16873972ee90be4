"""The first page: what the models did, how sure that is, what it took, and what each number means."""

# ruff: noqa: TID252 - reports/ has no import name of its own
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from harness.judging.analysis.whole import Judged
from harness.stats.numbers import ModelSummary
from harness.stats.score import Score

from .. import charts, text
from ..judge_words import SCALE, lead, wins
from ..page import Page, Report, table


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one model in the forest plot."""

    kind: str
    label: str
    score: Score
    plot: Markup


@dataclass(frozen=True, slots=True)
class Block:
    """One model in the forest plot."""

    model: ModelSummary
    note: str
    rows: list[Row]


def _rows(model: ModelSummary) -> list[Row]:
    measures = [("mean", "One attempt", model.pass_at_1)]
    if model.agents is not None and model.agents.told:
        measures.append(("mean", "First try", model.agents.first_try))
    if model.best_of > 1:
        measures += [("selected", f"Selected of {model.best_of}", model.selected)]
        measures += [("oracle", f"Oracle of {model.best_of}", model.oracle)]
    return [Row(k, label, score, charts.whisker(score, k, f"{model.model}, {label}")) for k, label, score in measures]


def _lead(report: Report) -> str:
    """What was done, in one sentence."""
    models = report.summary.models
    if not models:
        return "This run has no attempts yet."
    total = sum(model.coverage.attempts for model in models)
    graded = sum(model.coverage.graded for model in models)
    each = max(model.best_of for model in models)
    repeats = max(model.repeats for model in models)
    shape = f"{text.plural(len(report.summary.tasks), 'task')}, {text.plural(len(models), 'model')}"
    drawn = f"{text.plural(each, 'attempt')} each" if repeats == 1 else f"{each} × {repeats} attempts each"
    if total < each * repeats * sum(model.tasks for model in models):
        drawn = f"up to {drawn}"
    verdicts = "all of them graded" if graded == total else f"{graded:,} of them graded"
    return f"{shape}, {drawn}: {text.plural(total, 'attempt')}, {verdicts}."


def _remarks(report: Report) -> list[str]:
    """Notes of the intervals that a reader must not miss, once each, with the models they are about."""
    found: dict[str, list[str]] = {}
    for model in report.models:
        for score in (model.pass_at_1, *((model.selected, model.oracle) if model.best_of > 1 else ())):
            if score.note and model.model not in found.setdefault(score.note, []):
                found[score.note].append(model.model)
    return [f"{', '.join(models)}: {note}" for note, models in found.items()]


def _one_task_only(report: Report) -> bool:
    return len(report.summary.tasks) == 1


def _scale(judged: Judged | None) -> str:
    return f", {SCALE[judged.panel.mode][0]}" if judged and judged.panel else ""


def _said(judged: Judged, model: str) -> list[str]:
    """Mean, wins and unscored replies of a model, with all judges together; dashes for what nobody said."""
    unscored = text.count(judged.unscored.get(model, 0))
    table_, one = judged.panel, judged.standing(model)
    if table_ is None or one is None:
        return ["–", "–", unscored]
    won = f"{wins(one.wins)} of {one.comparisons:,}" if one.comparisons else "–"
    if table_.lead(one).value is None:
        return ["–", won, unscored]
    value, interval = lead(table_, table_.lead(one))
    few = judged.fewer(model)
    aside = ", ".join(filter(None, [interval, text.plural(few, "task") if few is not None else ""]))
    return [f"{value} ({aside})" if aside else value, won, unscored]


def context(report: Report) -> Mapping[str, object]:
    """Blocks of the forest plot, the lead, remarks, and whether best-of-N took place."""
    return {
        "lead": _lead(report),
        "blocks": [Block(m, report.run.notes.get(m.model, ""), _rows(m)) for m in report.models],
        "axis": charts.axis(),
        "remarks": _remarks(report),
        "several": any(model.best_of > 1 for model in report.models),
        "one_task": _one_task_only(report),
        "tried_again": any(model.agents is not None and model.agents.told for model in report.models),
        "judged": {m.model: _said(report.judged, m.model) for m in report.models} if report.judged else {},
        "judges_scale": _scale(report.judged),
        "level": f"{100 * report.summary.level:.0f}%",
    }


def markdown(report: Report) -> str:
    """The same as one table."""
    head = ["Model", "One attempt", "Selected", "Oracle", "Hit rate", "Distinct", "Mean score", "Tokens/s", "Cost"]
    judged = report.judged
    head += ["Tasks", f"Judges' mean{_scale(judged)}", "Wins", "Not judged"] if judged else []
    rows = []
    for model in report.models:
        note = report.run.notes.get(model.model, "")
        name = text.markdown(model.model) + (f" ({text.markdown(note)})" if note else "")
        scores = (model.pass_at_1, model.selected, model.oracle, model.hit_rate, model.distinct, model.mean_score)
        speed = text.number(model.totals.tokens_per_s)
        said = [text.count(model.tasks), *_said(judged, model.model)] if judged else []
        rows.append([name, *(text.spoken(s) for s in scores), speed, text.dollars(model.totals.cost_usd), *said])
    level = f"{100 * report.summary.level:.0f}%"
    explained = (
        f"In brackets: {level} intervals over tasks, i.e. for new tasks of this kind. *One attempt* is pass@1; "
        "*selected* is the attempt that best-of-N chose on visible evidence, judged by the hidden cases; *oracle* is "
        "the best attempt by the hidden cases themselves: a bound, not a method. The order is no ranking.\n"
    )
    remarks = "".join(f"- {text.markdown(remark)}\n" for remark in _remarks(report))
    return "\n".join(part for part in (_lead(report) + "\n", table(head, rows), explained, remarks) if part)


page = Page("summary", "Summary", context, markdown)
