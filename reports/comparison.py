"""Renders a comparison: one self-contained HTML file, or its numbers as CSV.

render(comparison, directory) -> compare.html
  comparison_view.py     rows and cells of each page         comparison_charts.py   inline SVG
  templates/compare.html, templates/comparison/<page>.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from harness.cells import safe
from harness.judging.analysis.across import Judges
from harness.stats.compare.figures import told_p
from harness.stats.compare.results import Comparison, PairResult, Spread
from harness.stats.score import Score

from .comparison_view import View, judges_of
from .files import write
from .frame import environment, framed

PAGES = {
    "places": "Places",
    "groups": "Groups",
    "judges": "Judges",
    "runs": "Runs",
    "pairs": "Pairs",
    "claims": "What held",
    "categories": "Categories",
    "tasks": "Tasks",
    "stability": "Stability",
    "pathologies": "Pathologies",
    "planning": "Planning",
}
"""Name of a template in templates/comparison, also the anchor -> title."""

COLUMNS = (
    "section", "model", "other", "category", "task", "run", "metric", "value", "low", "high", "n", "p", "adjusted_p",
    "note",
)  # fmt: skip


def render(comparison: Comparison, directory: Path, run: str = "") -> Path:
    """Write `compare.html` into `directory`, whole or not at all. Raises StoreError when it cannot be written.

    `run`: the name of the run whose repeats are compared.
    """
    return write(directory / "compare.html", html(comparison, run))


def write_csv(comparison: Comparison, path: Path) -> Path:
    """Write the numbers, one a line. Raises StoreError when it cannot be written."""
    return write(path, numbers_csv(comparison))


def html(comparison: Comparison, run: str = "") -> str:
    """The whole comparison as one file: no script, no request to anywhere, autoescape on for everything."""
    templates = environment()
    templates.filters["told_p"] = told_p
    view = View(comparison)
    sections = [
        (name, title, templates.get_template(f"comparison/{name}.html").render(found=comparison, view=view))
        for name, title in PAGES.items()
        if view.applies(name)
    ]
    styles = ["style.css", "compare.css"]
    return framed(templates, "compare.html", sections, styles, found=comparison, view=view, run=run)


def numbers_csv(comparison: Comparison) -> str:
    """The numbers in long form, RFC 4180, shares 0..1; an empty cell is no value.

    Text that a spreadsheet would take for a formula starts with an apostrophe.
    """
    sheet = io.StringIO(newline="")
    writer = csv.DictWriter(sheet, COLUMNS, restval="")
    writer.writeheader()
    for row in _rows(comparison):
        writer.writerow({name: safe(cell) for name, cell in row.items()})
    return sheet.getvalue()


def _rows(found: Comparison) -> Iterator[dict[str, object]]:
    for spread in found.spread:
        for run, value in zip(found.runs, spread.values, strict=True):
            cells = {"section": "spread", "model": spread.model, "n": spread.tasks, "run": run}
            yield {**cells, "metric": found.metric, "value": value}
        yield from _spread("spread", spread)
    for group in found.groups:
        for name, values in (("total", group.totals), ("share", group.shares), ("expected", group.expected)):
            for run, value in zip(found.runs, values, strict=False):
                yield {
                    "section": "group", "model": group.name, "run": run, "metric": name, "value": value,
                    "n": len(group.models), "note": ", ".join(group.models),
                }  # fmt: skip
    for section, pairs in (("pair", found.pairs), ("against", found.against)):
        yield from (_pair(section, pair) for pair in pairs)
    for claim in found.claims:
        note = f"{claim.text}: held in {claim.held} of {claim.of}"
        names = [*claim.models, "", ""] if claim.kind == "before" else [", ".join(claim.models), ""]
        yield {
            "section": "claim", "model": names[0], "other": names[1], "category": claim.category, "metric": claim.kind,
            "value": int(claim.survived), "n": claim.of, "p": claim.by_chance, "note": note,
        }  # fmt: skip
    for category in found.categories:
        for model, value in category.values.items():
            yield {
                "section": "category", "model": model, "category": category.category, "metric": found.metric,
                "value": value, "n": category.tasks, "note": category.note,
            }  # fmt: skip
    for row in found.stability:
        yield {
            "section": "stability", "model": row.model, "task": row.task, "metric": row.kind, "value": row.distinct,
            "low": row.low, "high": row.high, "n": row.samples,
        }  # fmt: skip
    for item in found.facts:
        for metric in ("attempts", "graded", "failed", "unscored"):
            yield {"section": "coverage", "model": item.model, "metric": metric, "value": getattr(item, metric)}
        for flag, number in item.flags.items():
            yield {"section": "pathology", "model": item.model, "metric": flag, "value": number, "n": item.attempts}
    judges = judges_of(found)
    if judges is not None:
        for spread in judges.without:
            yield from _spread("without_partial", spread)
        yield from _judges(judges)


def _spread(section: str, spread: Spread) -> Iterator[dict[str, object]]:
    one: dict[str, object] = {"section": section, "model": spread.model, "n": spread.tasks}
    yield {**one, "metric": "rerun", **_score(spread.rerun)}
    yield {**one, "metric": "new_tasks", **_score(spread.new_tasks)}
    for metric in ("range", "sd", "rerun_sd", "best_rank", "worst_rank"):
        yield {**one, "metric": metric, "value": getattr(spread, metric)}
    yield {**one, "metric": "letters", "note": spread.letters}


def _judges(judges: Judges) -> Iterator[dict[str, object]]:
    """Judges stand in the columns of models, modes in that of categories."""
    for one in judges.partial:
        for model, why in one.models.items():
            yield {"section": "partial", "model": one.judge, "other": model, "note": why}
    for cover in judges.said.coverage:
        row = {"section": "judge", "model": cover.judge, "category": cover.mode, "note": cover.purpose}
        counts = {
            "asked": cover.asked,
            "scored": cover.scored,
            "rejected": sum(cover.rejected.values()),
            "failed": cover.failed,
        }
        yield from ({**row, "metric": metric, "value": number} for metric, number in counts.items())
    for bias in judges.said.bias:
        row = {"section": "bias", "model": bias.judge, "category": bias.mode}
        if bias.slots is not None:
            for slot in bias.slots.slots:
                yield {**row, "metric": f"place_{slot.slot}", **_score(slot.share), "p": bias.slots.p}
        if bias.swap is not None:
            yield {**row, "metric": "flips", **_score(bias.swap.rate), "p": bias.swap.p}
        slope = bias.length
        yield {
            **row, "metric": "length", "value": slope.value, "low": slope.low, "high": slope.high, "n": slope.questions,
            "p": slope.p, "note": slope.note,
        }  # fmt: skip
    for gap in judges.said.families:
        yield {
            "section": "bias", "model": gap.judge, "other": gap.other, "category": gap.mode, "metric": "own_family",
            **_score(gap.gap), "p": gap.p,
        }  # fmt: skip
    for pair in judges.said.agreement:
        row = {"section": "agreement", "model": pair.first, "other": pair.second, "category": pair.mode}
        for cells in pair.cells:
            for metric in ("kappa", "alpha", "icc"):
                name = f"{metric}_{cells.dimension}"
                yield {**row, "metric": name, "value": getattr(cells, metric), "n": cells.cells, "note": cells.note}
        yield {**row, "metric": "rank_correlation", **_score(pair.rank_correlation)}
        yield {**row, "metric": "same_winner", **_score(pair.same_winner)}


def _pair(section: str, pair: PairResult) -> dict[str, object]:
    return {
        "section": section, "model": pair.first, "other": pair.second, "metric": pair.method, **_score(pair.difference),
        "p": pair.p, "adjusted_p": pair.adjusted_p,
    }  # fmt: skip


def _score(score: Score) -> dict[str, object]:
    return {"value": score.value, "low": score.low, "high": score.high, "n": score.n, "note": score.note}
