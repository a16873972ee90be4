"""Marks in columns: what every number about judges is made from.

A unit is one thing that a judge says of a model: a candidate (listwise, rubric), or a candidate in a pair (pairwise,
both orders together). What a judge did not say is NaN in every column, and in no mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.stats.pooling import placed, pooled
from harness.types import DIMENSIONS, JudgeMode, Marked

MODES: tuple[JudgeMode, ...] = ("listwise", "rubric", "pairwise")

MEASURES = ("win", "chance", "total", *DIMENSIONS, "rubric", "rank", "passes")
"""Columns of a sheet; `chance` is the win that equal candidates would have had."""

BOUNDS: Mapping[str, tuple[float, float]] = {
    "win": (0, 1), "chance": (0, 1), "total": (len(DIMENSIONS), 10 * len(DIMENSIONS)),
    **dict.fromkeys(DIMENSIONS, (1, 10)), "rubric": (0, 3), "passes": (0, 1),
}  # fmt: skip
"""Least and greatest value of a measure; of `rank` the greatest is the number of candidates."""

RELATIVE = ("win", "chance", "rank")
"""Measures that say how a candidate stands among the others of its question, not how good it is."""


class Cell(NamedTuple):
    """One attempt that was judged."""

    task: str
    repeat: int
    model: str
    attempt: int

    @classmethod
    def of(cls, one: Marked) -> Cell:
        return cls(one.task, one.repeat, one.model, one.attempt)


@dataclass(frozen=True, slots=True)
class Question:
    """The marks of one accepted judgment, in the order in which the judge was shown the candidates."""

    judge: str
    task: str
    repeat: int
    mode: JudgeMode
    marks: tuple[Marked, ...]

    @property
    def shares(self) -> list[float] | None:
        """Each candidate's share of the win: first places share it. None where nothing was compared."""
        ranks = [one.mark.rank for one in self.marks]
        known = [rank for rank in ranks if rank is not None]
        if len(known) < 2 or len(known) < len(ranks):
            return None
        best = min(known)
        share = 1 / known.count(best)
        return [share if rank == best else 0.0 for rank in ranks]


class Pairing(NamedTuple):
    """Two candidates and what one judge said in both orders; each a share of the win of the one shown first."""

    judge: str
    task: str
    repeat: int
    cells: tuple[Cell, Cell]
    """In alphabetical order."""
    shown: dict[Cell, float]
    """Who was shown first -> 1 it won, 0 it lost, 0.5 tie. Two entries where both orders were read."""

    @property
    def complete(self) -> bool:
        return len(self.shown) == 2

    @property
    def flipped(self) -> bool:
        """Both orders named a winner, and not the same one."""
        return self.complete and set(self.shown.values()) in ({0.0}, {1.0})

    @property
    def to_first(self) -> bool:
        """Both orders named the one that was shown first."""
        return self.complete and set(self.shown.values()) == {1.0}

    @property
    def credit(self) -> float | None:
        """Share of the win of the first cell: 1 or 0 where both orders agree, else a tie. None with one order only."""
        if not self.complete:
            return None
        here = self.shown[self.cells[0]]
        return here if here == 1 - self.shown[self.cells[1]] else 0.5


def questions(marked: Iterable[Marked], mode: JudgeMode) -> list[Question]:
    """Accepted judgments that compare models, by judgment; those for picking one of several are no evidence here."""
    groups: dict[str, list[Marked]] = {}
    for one in marked:
        if one.purpose == "compare" and one.mode == mode:
            groups.setdefault(one.judgment, []).append(one)
    return [
        Question(group[0].judge, group[0].task, group[0].repeat, mode, tuple(sorted(group, key=lambda m: m.slot)))
        for group in groups.values()
    ]


def pairings(asked: Iterable[Question]) -> list[Pairing]:
    """Pairwise questions, both orders of a pair together."""
    found: dict[tuple[str, Cell, Cell], Pairing] = {}
    for question in asked:
        shares = question.shares
        if shares is None or len(shares) != 2:
            continue
        first, second = (Cell.of(one) for one in question.marks)
        low, high = sorted((first, second))
        pair = found.setdefault(
            (question.judge, low, high), Pairing(question.judge, question.task, question.repeat, (low, high), {})
        )
        pair.shown[first] = shares[0]
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of one mode, one a (judge, unit). `values` has shape (rows, len(MEASURES))."""

    mode: JudgeMode
    judges: list[str]
    models: list[str]
    tasks: list[str]
    judge: NDArray[np.intp]
    model: NDArray[np.intp]
    task: NDArray[np.intp]
    unit: NDArray[np.intp]
    """Number of the unit: the same for all judges."""
    group: NDArray[np.intp]
    """Number of what the unit is compared within: its task and repeat; of a pair the pair itself."""
    values: NDArray[np.float64]
    most: int
    """The last place there can be: candidates in the largest question, or a greater rank that somebody gave."""

    def of(self, judges: Iterable[str]) -> Sheet:
        """The rows of some judges; the names of models and tasks stay."""
        chosen = set(judges)
        kept = np.isin(self.judge, [place for place, name in enumerate(self.judges) if name in chosen])
        columns = (self.judge[kept], self.model[kept], self.task[kept], self.unit[kept], self.group[kept])
        return Sheet(self.mode, self.judges, self.models, self.tasks, *columns, self.values[kept], self.most)

    def column(self, measure: str) -> NDArray[np.float64]:
        return np.asarray(self.values[:, MEASURES.index(measure)])

    def panel(self) -> Sheet:
        """One row a unit: the mean over judges, whose severity is taken out where some of them are missing.

        Of what is relative to the other candidates, the mean over those judges that compared most of them.
        """
        units, first, places = np.unique(self.unit, return_index=True, return_inverse=True)
        known = ~np.isnan(self.values)
        means = np.full((units.size, len(MEASURES)), np.nan)
        for place, measure in enumerate(MEASURES):
            here = known[:, place]
            mean = placed if measure in RELATIVE else pooled
            found = mean(self.judge[here], places[here], self.group[here], self.values[here, place])
            # Without the severity of who is missing a value may lie outside of what a judge can say.
            means[: found.size, place] = np.clip(found, *BOUNDS.get(measure, (-np.inf, np.inf)))
        columns = (np.zeros(units.size, np.intp), self.model[first], self.task[first], units, self.group[first])
        return Sheet(self.mode, ["panel"], self.models, self.tasks, *columns, means, self.most)


def sheet(marked: Sequence[Marked], mode: JudgeMode) -> Sheet | None:
    """The marks of one mode in columns; None without any. Names are sorted: the order of marks changes nothing."""
    asked = questions(marked, mode)
    if not asked:
        return None
    rows = list(_paired(pairings(asked)) if mode == "pairwise" else _candidates(asked))
    judges = sorted({question.judge for question in asked})
    models = sorted({one.model for question in asked for one in question.marks})
    tasks = sorted({question.task for question in asked})
    groups = [(unit[0].task, unit[0].repeat) if mode != "pairwise" else unit for _, unit, _ in rows]
    group_place = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    unit_place = {unit: place for place, unit in enumerate(sorted({row[1] for row in rows}))}
    judge_place, model_place, task_place = (
        {name: place for place, name in enumerate(names)} for names in (judges, models, tasks)
    )
    return Sheet(
        mode, judges, models, tasks,
        np.array([judge_place[judge] for judge, _, _ in rows], dtype=np.intp),
        np.array([model_place[unit[0].model] for _, unit, _ in rows], dtype=np.intp),
        np.array([task_place[unit[0].task] for _, unit, _ in rows], dtype=np.intp),
        np.array([unit_place[unit] for _, unit, _ in rows], dtype=np.intp),
        np.array([group_place[group] for group in groups], dtype=np.intp),
        np.array([values for _, _, values in rows], dtype=float).reshape(len(rows), len(MEASURES)),
        max(max(len(question.marks), *(one.mark.rank or 0 for one in question.marks)) for question in asked),
    )  # fmt: skip


_Row = tuple[str, tuple[Cell, ...], list[float]]
_UNKNOWN = float("nan")


def _candidates(asked: Iterable[Question]) -> Iterator[_Row]:
    for question in asked:
        shares, count = question.shares, len(question.marks)
        for place, one in enumerate(question.marks):
            mark = one.mark
            scores = [mark.scores.get(name, _UNKNOWN) for name in DIMENSIONS]
            values = [
                shares[place] if shares else _UNKNOWN,
                1 / count if shares else _UNKNOWN,
                sum(scores),
                *scores,
                _UNKNOWN if mark.rubric is None else float(mark.rubric),
                float(mark.rank or 0) if shares else _UNKNOWN,
                _UNKNOWN if mark.passes is None else float(mark.passes),
            ]
            yield question.judge, (Cell.of(one),), values


def _paired(found: Iterable[Pairing]) -> Iterator[_Row]:
    for pair in found:
        credit = pair.credit
        if credit is None:
            continue
        for units, win in ((pair.cells, credit), (pair.cells[::-1], 1 - credit)):
            yield pair.judge, units, [win, 0.5, *[_UNKNOWN] * (len(MEASURES) - 2)]
