"""Renders a run: one self-contained HTML file, Markdown, CSV, JSON, all from the same data.

render(run, directory)
  summarise(index.watch(attempts))      first pass: numbers, and who was there      harness.stats
  drill(attempts, index)                second pass: the attempts shown whole       drill.py
  judged(judgments, marked)             what judges said                            harness.judging.analysis
  for page in PAGES: context, template                                              pages/, templates/
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from harness.judging.analysis.sheet import Cell
from harness.judging.analysis.whole import judged
from harness.stats.inputs import ReportInput
from harness.stats.summary import summarise

from . import text
from .drill import MAX_ATTEMPTS, Index, drill
from .files import write
from .frame import environment, framed
from .marks_view import silenced
from .page import Report
from .pages import PAGES
from .tables import scores_csv, scores_json


def render(
    run: ReportInput,
    directory: Path,
    *,
    show_hidden: bool = False,
    formats: Collection[str] = ("html", "md", "csv", "json"),
    max_attempts: int = MAX_ATTEMPTS,
) -> list[Path]:
    """Write the report of `run` into `directory`, each file whole or not at all; the paths, in the order of FORMATS.

    Inputs, expected values, answers and outputs of hidden cases are in no file unless `show_hidden`. The HTML
    shows at most `max_attempts` attempts whole and says which were left out.
    Raises StoreError when a file cannot be written, ValueError for an unknown format.
    """
    if unknown := set(formats) - set(FORMATS):
        raise ValueError(f"unknown format {', '.join(sorted(unknown))}; known: {', '.join(FORMATS)}")
    report = build(run, show_hidden=show_hidden, max_attempts=max_attempts)
    return [write(directory / name, make(report)) for key, (name, make) in FORMATS.items() if key in formats]


def build(run: ReportInput, *, show_hidden: bool = False, max_attempts: int = MAX_ATTEMPTS) -> Report:
    """Read `run` twice and compute everything that pages show."""
    selections = tuple(run.selections)
    index = Index({Cell.of(one) for one in run.marked})
    summary = summarise(index.watch(run.attempts), selections)
    shown = drill(run.attempts, selections, index, max_attempts)
    found = judged(
        run.judgments, run.marked, labels=run.labels, families=run.families, mechanical=index.mechanical,
        unasked=run.unasked,
    )  # fmt: skip
    return Report(run, summary, shown, show_hidden, found and silenced(found, show_hidden=show_hidden))


def html(report: Report) -> str:
    """The whole report as one file: no script, no request to anywhere, autoescape on for everything."""
    templates = environment()
    sections = [
        (page.name, page.title, templates.get_template(f"pages/{page.name}.html").render(report=report, **context))
        for page in PAGES
        if page.applies(report)
        for context in [page.context(report)]
    ]
    return framed(templates, "report.html", sections, ["style.css"], report=report)


def markdown(report: Report) -> str:
    """The report as Markdown, without the texts of attempts."""
    parts = [f"# {text.markdown(report.run.name) or 'Run'}\n"]
    parts += [
        f"## {page.title}\n\n{body}" for page in PAGES if page.applies(report) and (body := page.markdown(report))
    ]
    return "\n".join(parts)


FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", html),
    "md": ("report.md", markdown),
    "csv": ("scores.csv", scores_csv),
    "json": ("scores.json", scores_json),
}
"""Format -> file name and the function that makes its text."""
