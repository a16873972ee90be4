"""How far every two judges agree, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.judging.analysis.agreement import FEW_CELLS, CellAgreement, PairAgreement
from harness.judging.analysis.whole import Judged

from . import text
from .judge_words import bounds, figure


@dataclass(frozen=True, slots=True)
class Agree:
    """Two judges on one dimension, or on all."""

    pair: str
    mode: str
    what: str
    cells: str
    apart: str
    chance: str
    kappa: str
    alpha: str
    icc: str
    difference: str
    correlation: str
    winner: str
    note: str
    few: bool
    """Too few cells to say much."""


def agreements(judged: Judged) -> Iterator[Agree]:
    """Every two judges in one mode, dimension by dimension; the pair is named in its first row."""
    for pair in judged.agreement:
        names = f"{text.one_line(pair.first, 60)} and {text.one_line(pair.second, 60)}"
        for place, cells in enumerate(pair.cells):
            yield _agree(pair, cells, names if place == 0 else "", first=place == 0)
        if not pair.cells:
            yield _agree(pair, None, names, first=True)


def _agree(pair: PairAgreement, cells: CellAgreement | None, names: str, *, first: bool) -> Agree:
    winner = f"{text.spoken(pair.same_winner)} of {pair.questions:,}, chance {text.percent(pair.same_by_chance)}"
    correlation = figure(pair.rank_correlation.value, 2)
    if pair.rank_correlation.low is not None:
        correlation += f" ({bounds(pair.rank_correlation, 2)})"
    difference = ""
    if cells is not None and cells.difference.value is not None:
        interval = bounds(cells.difference, 2)
        difference = f"{cells.difference.value:+z.2f}" + (f" ({interval})" if interval else "")
    of_cells = dict.fromkeys(("apart", "chance", "kappa", "alpha", "icc"), "–") if cells is None else {
        "apart": text.percent(cells.disagreement), "chance": text.percent(cells.by_chance),
        "kappa": figure(cells.kappa, 2), "alpha": figure(cells.alpha, 2), "icc": figure(cells.icc, 2),
    }  # fmt: skip
    return Agree(
        pair=names, mode=pair.mode, what=cells.dimension if cells else "pairs",
        cells=text.count(cells.cells if cells else pair.questions), difference=difference or "–",
        correlation=correlation if first and pair.rank_correlation.value is not None else "",
        winner=winner if first and pair.questions and pair.mode != "rubric" else "",
        note=cells.note if cells else "", few=cells is not None and 0 < cells.cells < FEW_CELLS, **of_cells,
    )  # fmt: skip
