"""How far two judges agree, beside what they would agree by chance. All on the same items, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Metric = Literal["nominal", "ordinal", "interval"]


class Disagreement(NamedTuple):
    """Share of items on which two judges are far apart, and the share that chance alone would give."""

    rate: float
    by_chance: float
    n: int


def disagreement(first: ArrayLike, second: ArrayLike, *, least: float = 2.0) -> Disagreement:
    """Share of items with |first - second| >= `least`, both of shape (n,).

    By chance: the same over all n^2 pairs of a score of one judge with any score of the other, i.e. if scores kept
    their distribution and lost their items. Raises ValueError for no items or shapes that differ.
    """
    one, two = _pair(first, second)
    apart = np.abs(one - two) >= least - 1e-12
    chance = np.abs(one[:, None] - two[None, :]) >= least - 1e-12
    return Disagreement(float(apart.mean()), float(chance.mean()), one.size)


def quadratic_kappa(first: ArrayLike, second: ArrayLike) -> float | None:
    """Cohen's kappa with quadratic weights: 1 - sum w O / sum w E, w = (i - j)^2 (Cohen 1968).

    None where both judges gave one and the same score throughout: there is nothing to agree on.
    """
    one, two = _pair(first, second)
    expected = float(np.mean((one[:, None] - two[None, :]) ** 2))
    return None if expected == 0 else 1 - float(np.mean((one - two) ** 2)) / expected


def krippendorff_alpha(ratings: Sequence[Sequence[float | None]], *, metric: Metric = "ordinal") -> float | None:
    """Krippendorff's alpha of `ratings`, shape (judges, items), None where a judge has none: 1 - D_o / D_e.

    Krippendorff (2011), "Computing Krippendorff's alpha-reliability": coincidences within items that have two ratings
    or more; squared distances 1 (nominal), ranks between (ordinal) or differences (interval). None where no item has
    two, or all ratings are equal.
    """
    table = np.array([[np.nan if value is None else value for value in row] for row in ratings], dtype=float)
    units = [column[~np.isnan(column)] for column in table.T]
    units = [unit for unit in units if unit.size >= 2]
    if not units:
        return None
    values, counts = np.unique(np.concatenate(units), return_counts=True)
    distance = _distances(values, counts.astype(float), metric)
    coincidences = np.zeros_like(distance)
    for unit in units:
        seen = np.array([np.count_nonzero(unit == value) for value in values], dtype=float)
        coincidences += (np.outer(seen, seen) - np.diag(seen)) / (unit.size - 1)
    totals = coincidences.sum(axis=1)
    n = totals.sum()
    expected = (np.outer(totals, totals) - np.diag(totals)) / (n - 1)
    by_chance = float(np.sum(expected * distance))
    return None if by_chance == 0 else 1 - float(np.sum(coincidences * distance)) / by_chance


def icc_agreement(ratings: ArrayLike) -> float | None:
    """ICC(A,1), absolute agreement of single ratings, of `ratings`, shape (items, judges), without gaps.

    McGraw and Wong (1996), two-way model: (MSR - MSE) / (MSR + (k-1) MSE + k/n (MSC - MSE)). None for fewer than two
    items or judges, or where nothing varies.
    """
    data = np.asarray(ratings, dtype=float)
    if data.ndim != 2 or min(data.shape) < 2:
        return None
    n, k = data.shape
    grand, rows, columns = data.mean(), data.mean(axis=1), data.mean(axis=0)
    between_rows = k * float(np.sum((rows - grand) ** 2)) / (n - 1)
    between_columns = n * float(np.sum((columns - grand) ** 2)) / (k - 1)
    rest = data - rows[:, None] - columns[None, :] + grand
    error = float(np.sum(rest**2)) / ((n - 1) * (k - 1))
    bottom = between_rows + (k - 1) * error + k / n * (between_columns - error)
    return None if abs(bottom) < 1e-15 else (between_rows - error) / bottom


def _distances(values: NDArray[np.float64], counts: NDArray[np.float64], metric: Metric) -> NDArray[np.float64]:
    """Squared distances between the values, which are in order; `counts`: ratings of each."""
    if metric == "nominal":
        return 1.0 - np.eye(values.size)
    if metric == "interval":
        return np.asarray((values[:, None] - values[None, :]) ** 2)
    # Ranks from the middle of one value's ratings to the middle of the other's.
    middles = np.cumsum(counts) - counts / 2
    return np.asarray((middles[:, None] - middles[None, :]) ** 2)


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != two.shape or one.ndim != 1 or one.size == 0:
        raise ValueError(f"two judges need a score for each of the same items: {one.shape} and {two.shape}")
    return one, two
