"""What moves a judge beside quality: the place of a reply, its length, who wrote it, and its own lack of care."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from harness.judging.analysis.families import related
from harness.judging.analysis.length import Slope, length_slope
from harness.judging.analysis.sheet import MODES, Cell, Pairing, Question, pairings, questions
from harness.judging.analysis.standings import difference_p
from harness.judging.results import IMPORTED
from harness.stats.intervals import clustered_mean, over_tasks, wilson_bounds, z_quantile
from harness.stats.paired import sign_flip
from harness.stats.score import Interval, Score
from harness.types import DIMENSIONS, Frozen, JudgeMode, Marked

FEW_EXPECTED = 5.0
"""With fewer expected wins in a slot than this, shuffles are simulated: chi-square's distribution does not hold."""

DRAWS = 20_000
_WORK = 20_000_000


class Slot(Frozen):
    """One place in the order in which a judge was shown the candidates."""

    slot: int
    """From 1."""
    shown: int
    """Questions that had this place."""
    wins: float
    expected: float
    """What a judge that does not mind the place gives it."""
    share: Score
    """wins / shown; Wilson's interval over questions: each was shuffled for itself."""


class SlotBias(Frozen):
    """Wins by place, of listwise questions with two candidates or more."""

    questions: int
    """With a winner: those in which all tied say nothing."""
    slots: tuple[Slot, ...]
    chi2: float | None
    df: int
    p: float | None
    """That the place does not matter."""
    method: str
    """`chi-square`, `simulated` (few wins a slot) or `none`."""

    @property
    def most(self) -> Slot | None:
        """The place that is furthest from what is expected, in wins; of equals the one that wins more."""
        return max(self.slots, key=lambda slot: (round(abs(slot.wins - slot.expected), 9), slot.wins), default=None)


class Swap(Frozen):
    """What changing the order of two candidates does."""

    pairs: int
    """Read in both orders."""
    half: int
    """Pairs of which one order came to nothing: in no rate."""
    flips: int
    """Both orders named a winner, and not the same one."""
    half_ties: int
    """One order named a winner, the other a tie."""
    rate: Score
    """flips / pairs, mean over tasks."""
    first: int
    """Flips in which the candidate that was shown first won both times."""
    second: int
    p: float | None
    """That flips go to the first as often as to the second: the sign-flip test over tasks of first - second. None
    without flips."""


class JudgeBias(Frozen):
    """One judge in one mode."""

    judge: str
    mode: JudgeMode
    slots: SlotBias | None
    """Listwise only."""
    swap: Swap | None
    """Pairwise only."""
    length: Slope
    length_within: Slope
    """The same with the usual length of each model taken off."""
    rankings: int
    """Listwise readings of two candidates or more."""
    contradictions: int
    """Those that rank a candidate above one with a greater total."""


class FamilyGap(Frozen):
    """(own family - others) under a judge, minus the same under another judge, in points of the mode's scale."""

    judge: str
    other: str
    """The judge it is held against."""
    mode: JudgeMode
    own: tuple[str, ...]
    """Contestants that are the judge itself or of its family."""
    others: tuple[str, ...]
    """Contestants that are of neither judge's."""
    gap: Score
    """Mean over tasks, Student's interval; about 0 where the judge treats its own like the other judge does."""
    p: float | None
    scale: str
    """`5..50` or `0..3`."""
    note: str = ""


def judge_biases(marked: Sequence[Marked], *, seed: int = 0) -> tuple[JudgeBias, ...]:
    """Every (judge, mode) that compares, sorted."""
    found = []
    for mode in MODES:
        if mode == "rubric":
            continue
        asked = questions(marked, mode)
        for judge in sorted({question.judge for question in asked}):
            mine = [question for question in asked if question.judge == judge]
            pairs = pairings(mine) if mode == "pairwise" else []
            # Nobody knows in which order an imported judge was shown its candidates.
            ordered = mode == "listwise" and not judge.startswith(IMPORTED)
            found.append(JudgeBias(
                judge=judge, mode=mode,
                slots=slot_bias(mine, seed=seed) if ordered else None,
                swap=swap(pairs) if mode == "pairwise" else None,
                length=length_slope(mine), length_within=length_slope(mine, within_models=True),
                rankings=sum(len(question.marks) > 1 for question in mine) if mode == "listwise" else 0,
                contradictions=sum(map(contradicts, mine)) if mode == "listwise" else 0,
            ))  # fmt: skip
    return tuple(found)


def slot_bias(asked: Iterable[Question], *, seed: int = 0) -> SlotBias:
    """Wins by slot against what shuffled places give.

    X2 = (O - E)' V^- (O - E) with the mean and covariance of wins when each question's first places fall on any of its
    slots alike; Pearson's chi-square where all questions have as many candidates and no ties. Ties share a win.
    Questions are independent even where repeats hold the same texts: each was shuffled for itself, and it is the
    shuffles that the test is about.
    """
    wins = [shares for question in asked if (shares := question.shares) is not None and min(shares) < max(shares)]
    if not wins:
        return SlotBias(questions=0, slots=(), chi2=None, df=0, p=None, method="none")
    shapes = Counter((len(shares), sum(credit > 0 for credit in shares)) for shares in wins)
    size = max(of for of, _ in shapes)
    observed, shown = np.zeros(size), np.zeros(size, dtype=int)
    for shares in wins:
        observed[: len(shares)] += shares
        shown[: len(shares)] += 1
    expected, covariance = np.zeros(size), np.zeros((size, size))
    for (of, tied), number in shapes.items():
        expected[:of] += number / of
        # Variance of 1/tied in `tied` of `of` slots; the slots of one question sum to 1.
        variance = (of - tied) / (tied * of**2)
        covariance[:of, :of] += number * variance * (of * np.eye(of) - 1) / (of - 1)
    inverse: NDArray[np.float64] = np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)
    chi2 = float((observed - expected) @ inverse @ (observed - expected))
    df = int(np.linalg.matrix_rank(covariance, hermitian=True))
    draws = _draws(shapes) if expected.min() < FEW_EXPECTED else 0
    slots = tuple(
        Slot(
            slot=place + 1, shown=int(shown[place]), wins=float(observed[place]), expected=float(expected[place]),
            share=_share(float(observed[place]), int(shown[place])),
        )
        for place in range(size)
    )  # fmt: skip
    return SlotBias(
        questions=len(wins), slots=slots, chi2=chi2, df=df,
        p=_simulated(chi2, shapes, expected, inverse, draws, seed) if draws else _chi2_p(chi2, df),
        method="simulated" if draws else "chi-square",
    )  # fmt: skip


def _share(wins: float, shown: int) -> Score:
    """Shared wins are no whole numbers: Wilson's bounds take any."""
    low, high = wilson_bounds(wins / shown, shown, z_quantile())
    return Score.of(wins / shown, Interval(low, high, "wilson"), shown)


def _chi2_p(chi2: float, df: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, chi2))


def _draws(shapes: Mapping[tuple[int, int], int]) -> int:
    """How often shuffles are drawn: less often where many shared places make that slow; 0 where it would take long."""
    work = sum(of * number for (of, tied), number in shapes.items() if tied > 1)
    return 0 if work > _WORK / 1000 else min(DRAWS, _WORK // max(1, work))


def _simulated(
    seen: float, shapes: Mapping[tuple[int, int], int], expected: NDArray[np.float64], inverse: NDArray[np.float64],
    draws: int, seed: int,
) -> float:  # fmt: skip
    """Share of shuffles with a chi-square as great, the one seen among them."""
    rng = np.random.default_rng(seed)
    wins = np.zeros((draws, expected.size))
    for (of, tied), number in sorted(shapes.items()):
        if tied == 1:
            wins[:, :of] += rng.multinomial(number, np.full(of, 1 / of), size=draws)
            continue
        for _ in range(number):
            first = rng.random((draws, of)).argsort(axis=1) < tied
            wins[:, :of] += first / tied
    apart = wins - expected
    drawn = np.sum(apart @ inverse * apart, axis=1)
    return float((1 + np.count_nonzero(drawn >= seen - 1e-9)) / (draws + 1))


def swap(found: Sequence[Pairing]) -> Swap:
    """Flips of pairs that were asked in both orders.

    Both orders are always asked, and repeats may hold the same texts: of one task flips are no draws of their own, so
    tasks are tested and not pairs.
    """
    complete = [pair for pair in found if pair.complete]
    flips = [pair for pair in complete if pair.flipped]
    first = sum(pair.to_first for pair in flips)
    net: Counter[str] = Counter()
    for pair in flips:
        net[pair.task] += 1 if pair.to_first else -1
    by_task: dict[str, list[float]] = {}
    for pair in complete:
        by_task.setdefault(pair.task, []).append(float(pair.flipped))
    tasks = [by_task[task] for task in sorted(by_task)]
    rate = over_tasks([sum(task) / len(task) for task in tasks], [len(task) for task in tasks])
    return Swap(
        pairs=len(complete), half=len(found) - len(complete), flips=len(flips),
        half_ties=sum(sorted(pair.shown.values()) in ([0.0, 0.5], [0.5, 1.0]) for pair in complete),
        rate=rate if complete else Score.missing("No pair was read in both orders."),
        first=first, second=len(flips) - first,
        p=sign_flip([net[task] for task in sorted(net)]) if flips else None,
    )  # fmt: skip


def contradicts(question: Question) -> bool:
    """Whether a candidate is ranked above one with a greater total."""
    rows = [
        (one.mark.rank, sum(one.mark.scores[name] for name in DIMENSIONS))
        for one in question.marks
        if one.mark.rank is not None and all(name in one.mark.scores for name in DIMENSIONS)
    ]
    least = float("inf")
    """Of all totals at better ranks."""
    for rank in sorted({rank for rank, _ in rows}):
        here = [total for other, total in rows if other == rank]
        if max(here) > least + 1e-9:
            return True
        least = min(least, *here)
    return False


def family_gaps(marked: Sequence[Marked], families: Mapping[str, str]) -> tuple[FamilyGap, ...]:
    """Every judge with relatives among the contestants, against every judge of another family, on cells both marked."""
    found = []
    for mode, scale in (("listwise", "5..50"), ("rubric", "0..3")):
        scores: dict[str, dict[Cell, float]] = {}
        for one in marked:
            if one.purpose != "compare" or one.mode != mode:
                continue
            if mode == "rubric" and one.mark.rubric is not None:
                scores.setdefault(one.judge, {})[Cell.of(one)] = float(one.mark.rubric)
            elif all(name in one.mark.scores for name in DIMENSIONS):
                scores.setdefault(one.judge, {})[Cell.of(one)] = sum(one.mark.scores[name] for name in DIMENSIONS)
        for judge, other in permutations(sorted(scores), 2):
            models = sorted({cell.model for cell in scores[judge].keys() & scores[other].keys()})
            own = [model for model in models if related(judge, model, families)]
            if own and not related(judge, other, families):
                gap = _gap(scores[judge], scores[other], own, models, other, families)
                found.append(gap.model_copy(update={"judge": judge, "mode": mode, "scale": scale}))
    return tuple(found)


def _gap(
    mine: Mapping[Cell, float], theirs: Mapping[Cell, float], own: Sequence[str], models: Sequence[str], other: str,
    families: Mapping[str, str],
) -> FamilyGap:  # fmt: skip
    rest = [model for model in models if model not in own]
    neutral = [model for model in rest if not related(other, model, families)]
    note = ""
    if rest and not neutral:
        neutral, note = rest, "All others are the other judge's own family: its gap is part of this one."
    by_task: dict[str, tuple[list[float], list[float]]] = {}
    for cell in sorted(mine.keys() & theirs.keys()):
        side = 0 if cell.model in own else 1 if cell.model in neutral else None
        if side is not None:
            by_task.setdefault(cell.task, ([], []))[side].append(mine[cell] - theirs[cell])
    # (own - others) under one judge minus the same under the other: the difference of judges, own minus others.
    gaps = [float(np.mean(a) - np.mean(b)) for a, b in by_task.values() if a and b]
    if gaps:
        score = Score.of(float(np.mean(gaps)), clustered_mean([[gap] for gap in gaps]), len(gaps))
    else:
        score = Score.missing("No task has both a relative and another model that both judges marked.")
    return FamilyGap(
        judge="", other=other, mode="listwise", own=tuple(own), others=tuple(neutral), gap=score,
        p=difference_p(np.array(gaps)) if len(gaps) > 1 else None, scale="", note=note,
    )  # fmt: skip
