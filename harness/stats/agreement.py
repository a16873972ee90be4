"""How far two judges agree, beside what they would agree by chance. All on the same items, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats.intervals import known

Metric = Literal["nominal", "ordinal", "interval"]
_ROUNDING = 1e-12


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
    bound = least - _ROUNDING
    apart = np.abs(one - two) >= bound
    if bound <= 0:
        return Disagreement(1.0, 1.0, one.size)
    # For every score of one judge, those of the other that are low or high enough: n log n instead of n^2.
    others = np.sort(two)
    far = np.searchsorted(others, one - bound, side="right") + one.size - np.searchsorted(others, one + bound)
    return Disagreement(float(apart.mean()), float(far.sum() / one.size**2), one.size)


def quadratic_kappa(first: ArrayLike, second: ArrayLike) -> float | None:
    """Cohen's kappa with quadratic weights: 1 - sum w O / sum w E, w = (i - j)^2 (Cohen 1968).

    None where both judges gave one and the same score throughout: there is nothing to agree on.
    """
    one, two = _pair(first, second)
    # The mean over all n^2 pairs, from the moments; the shift makes it exactly 0 where nothing varies.
    one, two = one - one[0], two - one[0]
    expected = float(np.mean(one**2) + np.mean(two**2) - 2 * np.mean(one) * np.mean(two))
    return None if expected == 0 else 1 - float(np.mean((one - two) ** 2)) / expected


def krippendorff_alpha(ratings: Sequence[Sequence[float | None]], *, metric: Metric = "ordinal") -> float | None:
    """Krippendorff's alpha of `ratings`, shape (judges, items), None where a judge has none: 1 - D_o / D_e.

    Krippendorff (2011), "Computing Krippendorff's alpha-reliability": coincidences within items that have two ratings
    or more; squared distances 1 (nominal), ranks between (ordinal) or differences (interval). None where no item has
    two, or all ratings are equal.
    """
    table = np.array([[np.nan if value is None else value for value in row] for row in ratings], dtype=float)
    if table.ndim != 2:
        return None
    given = ~np.isnan(table)
    table = table[:, given.sum(axis=0) >= 2]
    given = ~np.isnan(table)
    sizes = given.sum(axis=0)
    values, places, counts = np.unique(table[given], return_inverse=True, return_counts=True)
    if values.size < 2:
        return None
    # All three distances are squared differences of a number for each value, or whether two values are the same.
    numbers = np.cumsum(counts) - counts / 2 if metric == "ordinal" else values - values[0]
    n = float(counts.sum())
    if metric == "nominal":
        codes = np.full(table.shape, -1)
        codes[given] = places
        equal = sum((codes == row).astype(float) * (row >= 0) for row in codes).sum(axis=0) - sizes
        observed = float(np.sum((sizes * (sizes - 1) - equal) / (sizes - 1)))
        expected = (n**2 - float(np.sum(counts.astype(float) ** 2))) / (n - 1)
    else:
        data = np.zeros(table.shape)
        data[given] = numbers[places]
        centred = np.where(given, data - data.sum(axis=0) / sizes, 0.0)
        observed = float(np.sum(2 * sizes * np.sum(centred**2, axis=0) / (sizes - 1)))
        spread = numbers - np.average(numbers, weights=counts)
        expected = 2 * n * float(np.sum(counts * spread**2)) / (n - 1)
    return None if expected == 0 else 1 - observed / expected


def icc_agreement(ratings: ArrayLike) -> float | None:
    """ICC(A,1), absolute agreement of single ratings, of `ratings`, shape (items, judges), without gaps.

    McGraw and Wong (1996), two-way model: (MSR - MSE) / (MSR + (k-1) MSE + k/n (MSC - MSE)). None for fewer than two
    items or judges, or where nothing varies. Raises ValueError for NaN.
    """
    data = known(ratings)
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


def _pair(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != two.shape or one.ndim != 1 or one.size == 0:
        raise ValueError(f"two judges need a score for each of the same items: {one.shape} and {two.shape}")
    if np.isnan(one).any() or np.isnan(two).any():
        raise ValueError("NaN is no score: leave out items that one judge did not score")
    return one, two
