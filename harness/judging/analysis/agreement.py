"""How far judges agree on the very same cells, beside what chance would give."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.judging.analysis.sheet import Cell, Question, pairings, questions
from harness.stats.agreement import disagreement, icc_agreement, krippendorff_alpha, quadratic_kappa
from harness.stats.intervals import clustered_mean, over_tasks
from harness.stats.score import Score
from harness.types import DIMENSIONS, Frozen, JudgeMode, Marked
from harness.words import plural

FAR = 2.0
"""Points on one dimension from which two judges are said to disagree."""

FEW_CELLS = 30
"""Agreement over fewer cells than this is marked: it says little."""


class CellAgreement(Frozen):
    """Two judges on the cells that both scored. A cell is (task, repeat, model, attempt, dimension)."""

    dimension: str
    """One dimension, `rubric`, or `all` five together."""
    cells: int
    disagreement: float | None
    """Share of cells with a difference of `FAR` points or more."""
    by_chance: float | None
    """The same if each judge's scores on a dimension were dealt to the cells anew."""
    kappa: float | None
    """Cohen's, quadratic weights."""
    alpha: float | None
    """Krippendorff's, ordinal."""
    icc: float | None
    """ICC(A,1)."""
    difference: Score
    """Mean of first - second in points, over tasks, Student's interval."""
    note: str = ""
    """Why something is None."""


class PairAgreement(Frozen):
    """Two judges in one mode."""

    mode: JudgeMode
    first: str
    second: str
    cells: tuple[CellAgreement, ...]
    """`all` and each dimension, or `rubric`; empty for pairwise."""
    rank_correlation: Score
    """Spearman's within a question, mean over tasks; -1..1."""
    same_winner: Score
    """Share of questions (pairwise: pairs) with the same winner or winners, mean over tasks."""
    same_by_chance: float | None
    """The same if each judge kept how often it names each model (pairwise: which of two, or a tie), but not when."""
    questions: int
    """Both answered, with two candidates or more."""

    @property
    def overall(self) -> CellAgreement | None:
        return self.cells[0] if self.cells else None


class GroupAgreement(Frozen):
    """All judges of a mode at once."""

    mode: JudgeMode
    judges: int
    cells: int
    """Scored by two judges or more."""
    alpha: float | None
    """Krippendorff's, ordinal, gaps allowed."""


def pair_agreements(marked: Sequence[Marked]) -> tuple[PairAgreement, ...]:
    """Every two judges that answered in the same mode, in alphabetical order."""
    found: list[PairAgreement] = []
    for mode in ("listwise", "rubric"):
        asked = questions(marked, mode)
        scores = _scores(asked)
        by_judge: dict[str, dict[tuple[str, int, tuple[Cell, ...]], Question]] = defaultdict(dict)
        for question in asked:
            by_judge[question.judge][question.task, question.repeat, _candidates(question)] = question
        found += [
            _pair(mode, one, two, scores, by_judge[one], by_judge[two])
            for one, two in combinations(sorted(by_judge), 2)
        ]
    return (*found, *_pairwise(marked))


def group_agreements(marked: Sequence[Marked]) -> tuple[GroupAgreement, ...]:
    """Of each mode with scores and two judges or more."""
    found = []
    for mode in ("listwise", "rubric"):
        scores = _scores(questions(marked, mode))
        judges = sorted({judge for by_judge in scores.values() for judge in by_judge})
        if len(judges) < 2:
            continue
        cells = [
            {judge: values[cell] for judge, values in by_judge.items() if cell in values}
            for by_judge in scores.values()
            for cell in sorted({cell for values in by_judge.values() for cell in values})
        ]
        table = [[cell.get(judge) for cell in cells] for judge in judges]
        several = sum(len(cell) > 1 for cell in cells)
        found.append(GroupAgreement(mode=mode, judges=len(judges), cells=several, alpha=krippendorff_alpha(table)))
    return tuple(found)


_Scores = dict[str, dict[str, dict[Cell, float]]]
"""Dimension -> judge -> cell -> score."""


def _scores(asked: Iterable[Question]) -> _Scores:
    found: _Scores = {}
    for question in asked:
        for one in question.marks:
            given: Mapping[str, float] = one.mark.scores
            if question.mode == "rubric":
                given = {} if one.mark.rubric is None else {"rubric": float(one.mark.rubric)}
            cell = Cell.of(one)
            for name, score in given.items():
                found.setdefault(name, {}).setdefault(question.judge, {})[cell] = score
    return found


class _Common(NamedTuple):
    """Scores of two judges on the same cells, in the same order."""

    one: NDArray[np.float64]
    two: NDArray[np.float64]
    tasks: list[str]


def _common(scores: Mapping[str, Mapping[Cell, float]], one: str, two: str) -> _Common:
    first, second = scores.get(one, {}), scores.get(two, {})
    cells = sorted(first.keys() & second.keys())
    return _Common(
        np.array([first[cell] for cell in cells]), np.array([second[cell] for cell in cells]), [c.task for c in cells]
    )


def _pair(
    mode: JudgeMode, one: str, two: str, scores: _Scores,
    first: Mapping[tuple[str, int, tuple[Cell, ...]], Question],
    second: Mapping[tuple[str, int, tuple[Cell, ...]], Question],
) -> PairAgreement:  # fmt: skip
    names = [name for name in (*DIMENSIONS, "rubric") if name in scores]
    parts = {name: _common(scores[name], one, two) for name in names}
    single = [cell_agreement(name, [part]) for name, part in parts.items()]
    cells = [cell_agreement("all", list(parts.values())), *single] if mode == "listwise" else single
    both = [(first[key], second[key]) for key in sorted(first.keys() & second.keys())]
    ranked = [(a, b) for a, b in both if a.shares is not None and b.shares is not None]
    same: dict[str, list[float]] = {}
    correlation: dict[str, list[float]] = {}
    winners: list[tuple[frozenset[str], frozenset[str]]] = []
    for a, b in ranked:
        found = (_winners(a), _winners(b))
        same.setdefault(a.task, []).append(float(found[0] == found[1]))
        winners.append((frozenset(c.model for c in found[0]), frozenset(c.model for c in found[1])))
        rho = _spearman(a, b)
        if rho is not None:
            correlation.setdefault(a.task, []).append(rho)
    return PairAgreement(
        mode=mode, first=one, second=two, cells=tuple(cells), rank_correlation=_clustered(correlation),
        same_winner=_shares(same), same_by_chance=_chance(winners), questions=len(ranked),
    )  # fmt: skip


def cell_agreement(dimension: str, parts: Sequence[_Common]) -> CellAgreement:
    """Of two judges on the cells of one dimension, or of several together.

    Chance is dealt within a dimension: scores of accuracy and of conciseness have distributions of their own.
    """
    parts = [part for part in parts if part.one.size]
    n = sum(part.one.size for part in parts)
    if n == 0:
        nothing = Score.missing("No cell that both scored.")
        return CellAgreement(
            dimension=dimension, cells=0, disagreement=None, by_chance=None, kappa=None, alpha=None, icc=None,
            difference=nothing, note=nothing.note,
        )  # fmt: skip
    one, two = np.concatenate([part.one for part in parts]), np.concatenate([part.two for part in parts])
    apart = [disagreement(part.one, part.two, least=FAR) for part in parts]
    by_task: dict[str, list[float]] = {}
    for part in parts:
        for task, difference in zip(part.tasks, (part.one - part.two).tolist(), strict=True):
            by_task.setdefault(task, []).append(difference)
    groups = [by_task[task] for task in sorted(by_task)]
    mean = sum(float(np.mean(group)) for group in groups) / len(groups)
    kappa, alpha = quadratic_kappa(one, two), krippendorff_alpha([one.tolist(), two.tolist()])
    icc = icc_agreement(np.column_stack([one, two]))
    return CellAgreement(
        dimension=dimension, cells=n,
        disagreement=sum(found.rate * found.n for found in apart) / n,
        by_chance=sum(found.by_chance * found.n for found in apart) / n,
        kappa=kappa, alpha=alpha, icc=icc, difference=Score.of(mean, clustered_mean(groups), len(groups)),
        note="Both gave one and the same score throughout." if kappa is None else _few(n),
    )  # fmt: skip


def _few(cells: int) -> str:
    return f"{plural(cells, 'cell')}: too few to say much." if cells < FEW_CELLS else ""


def _pairwise(marked: Sequence[Marked]) -> list[PairAgreement]:
    by_judge: dict[str, dict[tuple[Cell, Cell], float]] = {}
    for pair in pairings(questions(marked, "pairwise")):
        if (credit := pair.credit) is not None:
            by_judge.setdefault(pair.judge, {})[pair.cells] = credit
    found = []
    for one, two in combinations(sorted(by_judge), 2):
        both = sorted(by_judge[one].keys() & by_judge[two].keys())
        same: dict[str, list[float]] = {}
        said: list[tuple[frozenset[str], frozenset[str]]] = []
        for cells in both:
            a, b = by_judge[one][cells], by_judge[two][cells]
            same.setdefault(cells[0].task, []).append(float(a == b))
            said.append((frozenset([str(a)]), frozenset([str(b)])))
        found.append(PairAgreement(
            mode="pairwise", first=one, second=two, cells=(), questions=len(both), same_winner=_shares(same),
            rank_correlation=Score.missing("Pairs have no ranks."), same_by_chance=_chance(said),
        ))  # fmt: skip
    return found


def _candidates(question: Question) -> tuple[Cell, ...]:
    return tuple(sorted(Cell.of(one) for one in question.marks))


def _winners(question: Question) -> frozenset[Cell]:
    shares = question.shares or []
    return frozenset(Cell.of(one) for one, credit in zip(question.marks, shares, strict=True) if credit > 0)


def _chance(said: Sequence[tuple[frozenset[str], frozenset[str]]]) -> float | None:
    """sum over answers of the shares with which both give it."""
    if not said:
        return None
    first, second = Counter(a for a, _ in said), Counter(b for _, b in said)
    return sum(first[answer] * second[answer] for answer in first) / len(said) ** 2


def _spearman(a: Question, b: Question) -> float | None:
    """Pearson's correlation of mid-ranks; None where a judge ranks all alike."""
    first = {Cell.of(one): one.mark.rank or 0 for one in a.marks}
    second = {Cell.of(one): one.mark.rank or 0 for one in b.marks}
    cells = sorted(first)
    x, y = (_mid_ranks(np.array([ranks[cell] for cell in cells])) for ranks in (first, second))
    bottom = float(np.sqrt(np.sum(x**2) * np.sum(y**2)))
    return float(np.sum(x * y)) / bottom if bottom > 0 else None


def _mid_ranks(values: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ranks from the middle of equals, less their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - counts / 2)[places] - values.size / 2)


def _shares(by_task: Mapping[str, Sequence[float]]) -> Score:
    groups = [by_task[task] for task in sorted(by_task)]
    if not groups:
        return Score.missing("No question that both answered.")
    return over_tasks([sum(group) / len(group) for group in groups], [len(group) for group in groups])


def _clustered(by_task: Mapping[str, Sequence[float]]) -> Score:
    groups = [by_task[task] for task in sorted(by_task)]
    if not groups:
        return Score.missing("No question that both ranked.")
    mean = sum(sum(group) / len(group) for group in groups) / len(groups)
    interval = clustered_mean(groups)
    if interval.low is not None and interval.high is not None:
        interval = interval._replace(low=max(-1.0, interval.low), high=min(1.0, interval.high))
    return Score.of(mean, interval, len(groups))
