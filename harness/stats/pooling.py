"""One value a candidate out of several judges', of whom not all said something of everyone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
_RANK = 1e-12
"""Singular values below this part of the greatest are 0: one for each set of judges that are connected."""


def pooled(
    judge: ArrayLike, unit: ArrayLike, group: ArrayLike, values: ArrayLike, weights: ArrayLike | None = None
) -> Floats:
    """Shape (units,): the mean of each unit over judges, whose severity does not enter where some of them are missing.

    All arguments have shape (rows,): `judge`, `unit` and `group` are numbers from 0, `values` has no NaN, a judge has
    one row a unit at most, and a unit is in one group: what is compared with each other, the candidates of one task and
    repeat. Where every judge of a group marked all of its units, this is the plain (weighted) mean. Elsewhere a strict
    judge's missing mark would be a gift: severities are taken out, as estimated by least squares over all rows in the
    additive model value = unit + judge (two-way layout with missing cells; Yates 1934), and the mean severity of the
    group's judges is put back. Judges that share no unit, not even through others, cannot be aligned: of a group only
    those connected judges count that marked most of it, of as many units those that marked most of everything, and
    nobody where that is equal, too. Units that are left without a value, or had none, are NaN.
    """
    rows = tuple(np.asarray(column, dtype=np.intp) for column in (judge, unit, group))
    data = np.asarray(values, dtype=float)
    weight = np.ones(data.size) if weights is None else np.asarray(weights, dtype=float)
    units = int(rows[1].max()) + 1 if data.size else 0
    patchy = _patchy(*rows)
    if not patchy.any():
        return _means(rows[1], data, weight, units)
    kept = ~patchy | _aligned(*rows)
    if not kept.any():
        return np.full(units, np.nan)
    (judges, places, groups), data, weight = (column[kept] for column in rows), data[kept], weight[kept]
    severity = _severities(judges, places, data, weight)
    # What the judges of a group are like on average, each once.
    pairs = np.unique(np.stack([groups, judges]), axis=1)
    level = _means(pairs[0], severity[pairs[1]], np.ones(pairs.shape[1]), int(rows[2].max()) + 1)
    return _means(places, data - severity[judges] + level[groups], weight, units)


def placed(judge: ArrayLike, unit: ArrayLike, group: ArrayLike, values: ArrayLike) -> Floats:
    """Shape (units,): the mean of each unit over judges, for values that say how it stands within its group.

    Arguments as in `pooled`. A place or a win among fewer candidates is another quantity, which no severity explains:
    of a group those judges count that placed most of its units. NaN for units that none of these placed.
    """
    judges, places, groups = (np.asarray(column, dtype=np.intp) for column in (judge, unit, group))
    data = np.asarray(values, dtype=float)
    if not data.size:
        return np.zeros(0)
    _, row, counts = np.unique(np.stack([groups, judges]), axis=1, return_inverse=True, return_counts=True)
    seen = counts[row.reshape(-1)]
    widest = np.zeros(int(groups.max()) + 1, dtype=np.intp)
    np.maximum.at(widest, groups, seen)
    kept = seen == widest[groups]
    return _means(places[kept], data[kept], np.ones(int(kept.sum())), int(places.max()) + 1)


def _means(places: Places, values: Floats, weight: Floats, number: int) -> Floats:
    total = np.bincount(places, weight, minlength=number)
    sums = np.bincount(places, weight * values, minlength=number)
    return np.asarray(np.divide(sums, total, out=np.full(number, np.nan), where=total > 0), dtype=float)


def _patchy(judge: Places, unit: Places, group: Places) -> NDArray[np.bool_]:
    """(rows,) whether a judge of the row's group has not marked all units that any judge marked there."""
    if not judge.size:
        return np.zeros(0, dtype=bool)
    inside = np.bincount(np.unique(np.stack([group, unit]), axis=1)[0], minlength=int(group.max()) + 1)
    pairs, counts = np.unique(np.stack([group, judge]), axis=1, return_counts=True)
    short = counts < inside[pairs[0]]
    lacking = np.zeros(inside.size, dtype=bool)
    lacking[pairs[0][short]] = True
    return np.asarray(lacking[group], dtype=bool)


def _aligned(judge: Places, unit: Places, group: Places) -> NDArray[np.bool_]:
    """(rows,) whether the row's judge is of those connected ones that marked most units of its group."""
    part = _components(judge, unit)[judge]
    everything = np.bincount(part)
    cells = np.unique(np.stack([group, part, unit]), axis=1)
    pairs, counts = np.unique(cells[:2], axis=1, return_counts=True)
    found: dict[int, list[tuple[int, int, int]]] = {}
    for (where, which), number in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        found.setdefault(where, []).append((number, int(everything[which]), which))
    chosen = np.full(int(group.max()) + 1, -1, dtype=np.intp)
    for where, parts in found.items():
        most = max(parts)
        # Which of two equals is taken must not depend on what judges are called.
        if sum(one[:2] == most[:2] for one in parts) == 1:
            chosen[where] = most[2]
    return np.asarray(chosen[group] == part, dtype=bool)


def _components(judge: Places, unit: Places) -> Places:
    """(judges,) the least of the judges that each is connected with through units both marked."""
    label = np.arange(int(judge.max()) + 1)
    while True:
        least = np.full(int(unit.max()) + 1, label.size)
        np.minimum.at(least, unit, label[judge])
        moved = label.copy()
        np.minimum.at(moved, judge, least[unit])
        if np.array_equal(moved, label):
            return label
        label = moved


def _severities(judge: Places, unit: Places, values: Floats, weight: Floats) -> Floats:
    """(judges,) their effects by weighted least squares, units eliminated; only differences of connected ones count."""
    from scipy.sparse import csr_array

    judges, units = int(judge.max()) + 1, int(unit.max()) + 1
    level = np.nan_to_num(_means(unit, values, weight, units))
    total = np.bincount(unit, weight, minlength=units)
    share = csr_array((weight / total[unit], (unit, judge)), shape=(units, judges))
    marks = csr_array((weight, (unit, judge)), shape=(units, judges))
    # The normal equations of the judges alone: own weight less what is shared through each unit.
    left = np.diag(np.bincount(judge, weight, minlength=judges)) - (marks.T @ share).toarray()
    right = np.bincount(judge, weight * (values - level[unit]), minlength=judges)
    return np.asarray(np.linalg.lstsq(left, right, rcond=_RANK)[0], dtype=float)
