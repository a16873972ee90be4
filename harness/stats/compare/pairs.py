"""Every two models on the tasks that both met, all pairs at once; and the places this leaves to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.compare.grids import Floats, Grid, nanmean
from harness.stats.compare.results import PairResult
from harness.stats.paired import exact_sign_flip, holm, mcnemar, paired_difference
from harness.stats.tiers import Pair, Ranks, letters, rank_sets

DRAWS = 20_000
LEAST_DRAWS = 2_000
DEALT = 4000
LEAST_DEALT = 1000
MOST_SIGNS = 500_000_000
"""With more than 25,000 tasks fewer patterns are drawn: the sums are then as good as normal."""
SIGNS_AT_ONCE = 2_000_000
"""16 MB of them."""
_SAME = 1e-9
"""Differences below this are rounding."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What all pairs together say of each model, in the order of the grid's models."""

    pairs: tuple[PairResult, ...]
    ranks: tuple[Ranks, ...]
    letters: tuple[str, ...]
    order: tuple[int, ...]
    """Models, greatest mean first."""


def index_pairs(models: int) -> list[tuple[int, int]]:
    """(first, second) of every two of so many."""
    return [(i, j) for i in range(models) for j in range(i + 1, models)]


def differences(means: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Shape (pairs, tasks): first - second; nan where one has no value, exactly 0 where rounding is all there is."""
    first, second = [i for i, _ in pairs], [j for _, j in pairs]
    found = means[first] - means[second] if pairs else np.zeros((0, means.shape[1]))
    return np.where(np.abs(found) < _SAME, 0.0, found)


def sign_flips(rows: Floats, *, draws: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """Two-sided p of the sign-flip test of each row of differences, shape (pairs, tasks), nan for none.

    As `paired.sign_flip`: exact where that can be (pass rates, points, few tasks), otherwise over `draws` patterns, the
    same for all rows, so that a hundred pairs cost little more than one. Where none of them reaches the sum seen, all
    they say is p <= 1 / (draws + 1), which a correction for a thousand comparisons turns into nothing; there it is
    Hoeffding's bound 2 exp(-S^2 / 2 sum d^2) (1963) where that is smaller: the exact p never exceeds it.
    """
    data = np.nan_to_num(rows, nan=0.0)
    exact = [exact_sign_flip(row) for row in data]
    many = np.array([p is None for p in exact], dtype=bool)
    found = np.array([1.0 if p is None else p for p in exact])
    if many.any():
        drawn = np.ascontiguousarray(data[many].T)
        seen = np.abs(drawn.sum(axis=0)) * (1 - _SAME)
        hits = np.zeros(int(many.sum()))
        rng = np.random.default_rng(seed)
        draws = max(LEAST_DRAWS, min(draws, MOST_SIGNS // drawn.shape[0]))
        step = max(1, min(1000, SIGNS_AT_ONCE // drawn.shape[0]))
        for start in range(0, draws, step):
            size = (min(step, draws - start), drawn.shape[0])
            signs = rng.integers(0, 2, size=size, dtype=np.int8).astype(np.float64) * 2 - 1
            hits += (np.abs(signs @ drawn) >= seen).sum(axis=0)
        bound = 2 * np.exp(-(drawn.sum(axis=0) ** 2) / (2 * (drawn**2).sum(axis=0)))
        drawn_p = (hits + 1) / (draws + 1)
        found[many] = np.where(hits == 0, np.minimum(drawn_p, bound), drawn_p)
    return found


def least_p(discordant: int) -> float:
    """The smallest two-sided p that so many tasks can give, all on one side: 2^(1-n), at most 1."""
    return min(1.0, 2.0 ** (1 - discordant))


def standing(grid: Grid, *, alpha: float, draws: int = DRAWS, seed: int = 0) -> Standing:
    """All pairs, Holm over all of them, rank sets and letters."""
    pairs = index_pairs(len(grid.models))
    found = results(grid, pairs, alpha=alpha, draws=draws, seed=seed)
    tested = [
        Pair(i, j, pair.difference.value or 0.0, pair.p, pair.adjusted_p)
        for (i, j), pair in zip(pairs, found, strict=True)
    ]
    means = nanmean(grid.means, 1)
    order = sorted(range(len(grid.models)), key=lambda m: (-np.nan_to_num(means[m], nan=-1.0), grid.models[m]))
    names = letters(order, tested, alpha=alpha)
    ranks = rank_sets(len(grid.models), tested, alpha=alpha)
    return Standing(found, tuple(ranks), tuple(names[m] for m in range(len(grid.models))), tuple(order))


def results(
    grid: Grid, pairs: Sequence[tuple[int, int]], *, alpha: float, draws: int = DRAWS, seed: int = 0
) -> tuple[PairResult, ...]:
    """The pairs given, each tested over the tasks both have a value for; Holm over exactly these."""
    rows = differences(grid.means, pairs)
    p_values = p_of(grid, rows, pairs, draws=draws, seed=seed)
    adjusted = holm([float(p) for p in p_values])
    by_unit = [nanmean(differences(unit, pairs), 1) for unit in grid.values]
    made = []
    for place, (i, j) in enumerate(pairs):
        row = rows[place]
        shared = ~np.isnan(row)
        scale = float(grid.scale[shared].mean()) if shared.any() else 1.0
        # Without any points the scale is as good as one.
        difference = paired_difference(
            row[shared], np.zeros(int(shared.sum())),
            attempts=max(1.0, grid.observations), scale=scale or 1.0, graded=bool(grid.graded[shared].any()),
        )  # fmt: skip
        up, down = int((row > 0).sum()), int((row < 0).sum())
        units = [float(unit[place]) for unit in by_unit if not np.isnan(unit[place])]
        whole = difference.value or 0.0
        made.append(
            PairResult(
                first=grid.models[i],
                second=grid.models[j],
                difference=difference,
                p=float(p_values[place]),
                adjusted_p=adjusted[place],
                method="mcnemar" if grid.single else "sign-flip",
                up=up,
                down=down,
                least_p=least_p(up + down),
                significant=adjusted[place] <= alpha and abs(whole) > _SAME,
                runs_agree=sum(whole * unit > 0 and min(abs(whole), abs(unit)) > _SAME for unit in units),
                runs=len(units),
            )
        )
    return tuple(made)


def p_of(
    grid: Grid,
    rows: Floats,
    pairs: Sequence[tuple[int, int]],
    *,
    unit: int | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """p of each row of differences, of `pairs` of the grid's models: McNemar's where a task was observed once, else by
    sign flips; of groups' wins also by dealing the models to the groups, the greater p of the two: flips alone find too
    much in few models, and dealing alone, which takes the tasks as given, in few tasks. `unit`: of one run only."""
    if grid.single:
        return np.array([mcnemar(int((row > 0).sum()), int((row < 0).sum())) for row in rows])
    found = sign_flips(rows, draws=draws, seed=seed)
    if grid.metric == "wins" and grid.parts:
        of_units = slice(None) if unit is None else slice(unit, unit + 1)
        for place, (i, j) in enumerate(pairs):
            two = [nanmean(grid.parts[m][of_units], 0)[:, ~np.isnan(rows[place])] for m in (i, j)]
            two = [part[~np.isnan(part).all(axis=1)] for part in two]
            if sum(map(len, two)) > 2 and all(part.size for part in two):
                found[place] = max(found[place], dealt_anew(*two, seed=seed))
    return found


def dealt_anew(first: Floats, second: Floats, *, draws: int = DEALT, seed: int = 0) -> float:
    """Two-sided p of the difference of two groups' means, shape (models, tasks) each: (hits + 1) / (draws + 1).

    Within each task the values are dealt anew among all models of the two. What one model wins the others do not: the
    difference of a large group and a small one is skewed even where all are equal, and sign flips of it find a
    difference in up to 13% of such runs.
    """
    values = np.nan_to_num(np.concatenate((first, second)))
    weights = np.concatenate((np.full(len(first), 1 / len(first)), np.full(len(second), -1 / len(second))))
    seen = abs(float((weights @ values).sum())) - _SAME
    rng = np.random.default_rng(seed)
    draws = max(LEAST_DEALT, min(draws, MOST_SIGNS // max(1, values.size)))
    step = max(1, min(draws, SIGNS_AT_ONCE // max(1, values.size)))
    hits = 0
    for start in range(0, draws, step):
        order = rng.random((min(step, draws - start), *values.shape)).argsort(axis=1)
        dealt = np.take_along_axis(values[None], order, axis=1)
        hits += int((np.abs(np.einsum("m,dmt->d", weights, dealt)) >= seen).sum())
    return (hits + 1) / (draws + 1)


def turned(pair: PairResult) -> PairResult:
    """The same pair, the other way round."""
    score = pair.difference
    flipped = score.model_copy(
        update={
            "value": None if score.value is None else -score.value or 0.0,
            "low": None if score.high is None else -score.high,
            "high": None if score.low is None else -score.low,
        }
    )
    sides = {"first": pair.second, "second": pair.first, "up": pair.down, "down": pair.up}
    return pair.model_copy(update={**sides, "difference": flipped})
