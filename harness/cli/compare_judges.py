"""The judges of a comparison: who is partial, what changes without them, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.tables import console, show, table
from harness.content import load_module
from harness.stats.compare.figures import told_places

if TYPE_CHECKING:
    from harness.judging.analysis.across import JudgedComparison, Judges
    from harness.judging.analysis.agreement import PairAgreement
    from harness.stats.compare import Comparison, RunTable
    from harness.stats.compare.figures import Figures
    from harness.stats.compare.results import Spread
    from harness.stats.inputs import ReportInput


def with_judges(
    comparison: Comparison,
    directories: Sequence[Path],
    loaded: Sequence[ReportInput],
    tables: Sequence[RunTable],
    *,
    models: Sequence[str] = (),
    **options: Any,
) -> JudgedComparison:
    """The comparison of these runs with what there is to know of their judges.

    Where some are partial the runs are read once more, as if these had not been asked: a conversation's verdict is the
    judges', too.
    """
    from harness.judging.analysis.across import JudgedComparison, Judges, heard

    contestants = [[name for name in found.models if not models or name in models] for found in tables]
    found = heard(loaded, contestants)
    if found is None:
        return JudgedComparison.of(comparison, None)
    without: tuple[Spread, ...] = ()
    if found.partial and found.impartial:
        without = _without(directories, [one.judge for one in found.partial], comparison, models=models, **options)
    return JudgedComparison.of(comparison, Judges(partial=found.partial, without=without, said=found.said))


def _without(
    directories: Sequence[Path], judges: Sequence[str], comparison: Comparison, **options: Any
) -> tuple[Spread, ...]:
    from harness.readback import load_report_input
    from harness.stats.compare import Incomparable, RunTable, standings

    apart = [RunTable.of(load_report_input(path, without=judges)) for path in directories]
    metric: Any = comparison.metric
    try:
        return standings(apart, metric, **options)
    except Incomparable:
        return ()


def show_judges(judges: Judges, figure: Figures, row_name: str) -> None:
    """Places without partial judges, what was read of each, what moves it, and how far every two agree."""
    lines = console(soft_wrap=True)
    partial = {one.judge: one.models for one in judges.partial}
    if judges.without:
        made = table("without partial judges", row_name, "mean", "places", "")
        for row in judges.without:
            made.add_row(row.model, figure.value(row.mean), told_places(row.best_rank, row.worst_rank), row.letters)
        show(made)
    counted = ("asked", "read", "not readable", "no reply", "not asked")
    made = table("judges", "judge", "mode", *counted, "not impartial to")
    for cover in judges.said.coverage:
        mode = cover.mode if cover.purpose == "compare" else f"{cover.mode}, to pick one"
        counts = (cover.asked, cover.scored, sum(cover.rejected.values()), cover.failed, cover.not_asked)
        own = partial.get(cover.judge, {}) if cover.purpose == "compare" else {}
        made.add_row(cover.judge, mode, *(f"{number:,}" for number in counts), ", ".join(own) or "-")
    show(made)
    for line in load_module("reports", "judge_words").findings(judges.said):
        status = f"{line.status}: " if line.status else ""
        lines.print(f"{line.judge}, {line.topic}: {status}{line.words}", highlight=False)
    _agreement(judges.said.agreement)


def _agreement(pairs: Sequence[PairAgreement]) -> None:
    if not pairs:
        return
    made = table(
        "agreement of judges, all runs together", "judges", "mode", "cells", "kappa", "alpha", "ranks", "same winner",
        "by chance",
    )  # fmt: skip
    for pair in pairs:
        cells = pair.overall
        known = (cells.kappa, cells.alpha) if cells else (None, None)
        figures = (*known, pair.rank_correlation.value)
        made.add_row(
            f"{pair.first} - {pair.second}",
            pair.mode,
            f"{cells.cells if cells else pair.questions:,}",
            *("-" if value is None else f"{value:.2f}" for value in figures),
            *("-" if value is None else f"{value:.0%}" for value in (pair.same_winner.value, pair.same_by_chance)),
        )
    show(made)
