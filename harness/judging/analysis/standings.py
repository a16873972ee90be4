"""How models stand with a judge, with all judges together, and without those that may favour their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.judging.analysis.families import partial_judges, related
from harness.judging.analysis.sheet import BOUNDS, MEASURES, MODES, Sheet, sheet
from harness.stats.intervals import over_tasks
from harness.stats.paired import holm, sign_flip
from harness.stats.score import Interval, Score
from harness.stats.tiers import Pair, letters, rank_sets
from harness.types import DIMENSIONS, Frozen, JudgeMode, Marked

LEADING: Mapping[JudgeMode, str] = {"listwise": "total", "rubric": "rubric", "pairwise": "win"}
"""What models are ordered and told apart by, in each mode."""


_SAME = 1e-9
"""Means of marks that differ by less differ by rounding."""

FEW_TASKS = 12
"""Up to so many differences every pattern of signs is tried, for hundreds of pairs; beyond, Student's t is as good."""


class Standing(Frozen):
    """One model. Scores are means over tasks in their own unit, with intervals over tasks; None value: never said."""

    model: str
    own_family: bool
    """A judge of this table is the model itself or of its family."""
    tasks: int
    """With any mark."""
    scored: int
    """Candidates marked, summed over judges; in pairwise, pairs read in both orders."""
    unscored: int
    """Its candidates in questions that came to nothing, summed over judges."""
    comparisons: int
    """Units with a winner among two or more candidates."""
    wins: float
    """First places, shared ones in parts; of several judges their mean. Pairwise: both orders agree; a tie is half."""
    win: Score
    """`wins` as a share of comparisons, mean over tasks."""
    chance: float | None
    """The share that equal candidates would have won."""
    total: Score
    """Sum of the five dimensions, 5..50."""
    dimensions: dict[str, Score]
    """1..10 each."""
    rubric: Score
    """0..3."""
    rubric_points: float
    rubric_most: float
    rank: Score
    """1 is best; of comparisons only."""
    passes: Score
    """Share that the judge says meets the criteria."""
    letters: str
    """Models that share one do not differ significantly in what leads the mode."""
    best_rank: int
    worst_rank: int
    """The places that the data leave to it."""


class Standings(Frozen):
    """One table: models by what leads the mode, best first."""

    mode: JudgeMode
    judges: tuple[str, ...]
    """One, or all of a panel."""
    models: tuple[Standing, ...]

    @property
    def leading(self) -> str:
        return LEADING[self.mode]

    def lead(self, model: Standing) -> Score:
        """The score that the table is ordered by."""
        found: Score = getattr(model, self.leading)
        return found


class Ranking(Frozen):
    """All tables of one mode."""

    mode: JudgeMode
    panel: Standings
    """Mean over judges of what each said of a unit."""
    judges: tuple[Standings, ...]
    partial: tuple[str, ...]
    """Judges that are contestants, or of a contestant's family."""
    independent: Standings | None
    """The panel without them; None where there are none of them, or nobody else."""


Missed = Mapping[tuple[str, JudgeMode], Mapping[str, int]]


def rankings(marked: Sequence[Marked], families: Mapping[str, str], unscored: Missed) -> tuple[Ranking, ...]:
    """The tables of every mode that has an accepted judgment. `unscored` as in `coverage.Asked`."""
    found = []
    for mode in MODES:
        marks = sheet(marked, mode)
        if marks is None:
            continue
        partial = partial_judges(marks.judges, marks.models, families)
        others = [judge for judge in marks.judges if judge not in partial]
        single = [_table(marks.of([judge]), [judge], families, unscored) for judge in marks.judges]
        # Who was asked and said nothing that could be read is in no mean, but its questions came to nothing all the
        # same.
        silent = {judge for judge, asked in unscored if asked == mode} - set(marks.judges)
        panel = _table(marks, marks.judges, families, unscored, silent) if silent or len(single) > 1 else single[0]
        apart = silent - set(partial_judges(silent, marks.models, families))
        independent = _table(marks.of(others), others, families, unscored, apart) if partial and others else None
        found.append(
            Ranking(mode=mode, panel=panel, judges=tuple(single), partial=tuple(partial), independent=independent)
        )
    return tuple(found)


def _table(
    marks: Sheet, judges: Iterable[str], families: Mapping[str, str], unscored: Missed, silent: Iterable[str] = ()
) -> Standings:
    """The table of these judges. `silent`: others that were asked and have no mark at all."""
    asked = tuple(judges)
    scored = np.bincount(marks.model, minlength=len(marks.models))
    missed: Counter[str] = Counter()
    for judge in (*asked, *silent):
        missed.update(unscored.get((judge, marks.mode), {}))
    panel = marks.panel() if len(asked) > 1 else marks
    means, counts = _by_task(panel)
    lead = MEASURES.index(LEADING[marks.mode])
    order, told_apart, places = _apart(means[lead])
    index = {name: place for place, name in enumerate(marks.models)}
    found = []
    for name in [marks.models[place] for place in order] + sorted(set(missed) - set(index)):
        place = index.get(name)
        if place is None:
            row = _standing(name, panel, *_NOTHING)
        elif scored[place] or missed[name]:
            row = _standing(name, panel, means[:, place], counts[:, place])
            row = row.model_copy(update={"scored": int(scored[place]), "letters": told_apart.get(place, "")})
            row = row.model_copy(update=dict(zip(("best_rank", "worst_rank"), places[place], strict=True)))
        else:
            continue
        own = any(related(judge, name, families) for judge in asked)
        found.append(row.model_copy(update={"own_family": own, "unscored": missed[name]}))
    return Standings(mode=marks.mode, judges=asked, models=tuple(found))


def _by_task(marks: Sheet) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Means and counts, shape (measures, models, tasks); NaN where a judge said nothing."""
    shape = (len(marks.models), len(marks.tasks))
    keys = marks.model * shape[1] + marks.task
    means, counts = [], []
    for place in range(len(MEASURES)):
        column = marks.values[:, place]
        known = ~np.isnan(column)
        number = np.bincount(keys[known], minlength=shape[0] * shape[1])
        total = np.bincount(keys[known], column[known], minlength=shape[0] * shape[1])
        mean = np.full(number.size, np.nan)
        np.divide(total, number, out=mean, where=number > 0)
        means.append(mean.reshape(shape))
        counts.append(number.reshape(shape))
    return np.array(means), np.array(counts)


_NOTHING = (np.full((len(MEASURES), 0), np.nan), np.zeros((len(MEASURES), 0), dtype=np.int64))


def _standing(name: str, marks: Sheet, means: NDArray[np.float64], counts: NDArray[np.int64]) -> Standing:
    """`means` and `counts` of one model, shape (measures, tasks)."""
    scores, sums, numbers = {}, {}, {}
    for place, measure in enumerate(MEASURES):
        low, high = BOUNDS.get(measure, (1, max(2, marks.most)))
        scores[measure] = scaled_over_tasks(means[place], counts[place], low, high)
        sums[measure] = float(np.nansum(means[place] * counts[place]))
        numbers[measure] = int(counts[place].sum())
    return Standing(
        model=name, own_family=False, tasks=int(np.count_nonzero(counts.sum(axis=0))), scored=0, unscored=0,
        comparisons=numbers["win"], wins=sums["win"], win=scores["win"], chance=scores["chance"].value,
        total=scores["total"], dimensions={one: scores[one] for one in DIMENSIONS},
        rubric=scores["rubric"], rubric_points=sums["rubric"], rubric_most=3.0 * numbers["rubric"],
        rank=scores["rank"], passes=scores["passes"], letters="", best_rank=0, worst_rank=0,
    )  # fmt: skip


def scaled_over_tasks(means: NDArray[np.float64], counts: NDArray[np.int64], low: float, high: float) -> Score:
    """`stats.intervals.over_tasks` for a measure in low..high instead of 0..1; tasks without a count are left out."""
    known = counts > 0
    score = over_tasks((means[known] - low) / (high - low), counts[known])
    if score.value is None or score.low is None or score.high is None:
        return Score.missing("Never said.")
    back = [low + (high - low) * value for value in (score.value, score.low, score.high)]
    return Score.of(back[0], Interval(back[1], back[2], score.method, score.note), score.n)


def _apart(means: NDArray[np.float64]) -> tuple[list[int], dict[int, str], list[tuple[int, int]]]:
    """Order of the models, letters, and the places left to each. `means`, shape (models, tasks), NaN for gaps.

    Pairs are compared on the tasks that both have, by their differences; Holm over all pairs. Models without any value
    come last, without a letter.
    """
    known = ~np.isnan(means)
    average = np.where(known, means, 0).sum(axis=1) / np.maximum(1, known.sum(axis=1))
    present = [place for place in range(len(means)) if known[place].any()]
    pairs = [(i, j) for place, i in enumerate(present) for j in present[place + 1 :]]
    differences = [(means[i] - means[j])[known[i] & known[j]] for i, j in pairs]
    raw = [difference_p(row) for row in differences]
    tested = [
        Pair(i, j, float(row.mean()) if row.size else 0.0, p, adjusted)
        for (i, j), row, p, adjusted in zip(pairs, differences, raw, holm(raw), strict=True)
    ]
    # Rank sets speak of the models that have a value; the others have no place.
    rank = {place: number for number, place in enumerate(present)}
    moved = [pair._replace(first=rank[pair.first], second=rank[pair.second]) for pair in tested]
    sets = rank_sets(len(present), moved)
    order = sorted(present, key=lambda place: (-average[place], place))
    places = [tuple(sets[rank[place]]) if place in rank else (0, 0) for place in range(len(means))]
    rest = [place for place in range(len(means)) if place not in rank]
    return order + rest, letters(order, tested), [(best, worst) for best, worst in places]


def difference_p(differences: NDArray[np.float64]) -> float:
    """Two-sided p that differences of tasks are as often up as down.

    Exact sign flips for few tasks, Student's paired t beyond: drawn sign patterns could not go below the level that
    Holm asks of many pairs.
    """
    from scipy.special import stdtr

    differences = np.where(np.abs(differences) < _SAME, 0.0, differences)
    moved = differences[differences != 0]
    spread = float(differences.std(ddof=1)) if differences.size > 1 else 0.0
    # Without spread there is no t, but 2^(1-n) of the patterns are as far from 0.
    if moved.size <= FEW_TASKS or spread < _SAME:
        return sign_flip(moved)
    t = abs(float(differences.mean())) / spread * float(np.sqrt(differences.size))
    return float(2 * stdtr(differences.size - 1, -t))
