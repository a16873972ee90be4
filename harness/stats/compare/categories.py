"""Category by category: who leads, and whether so few tasks can tell at all."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from harness.stats.compare.grids import Floats, Grid, nanmean
from harness.stats.compare.pairs import DRAWS, differences, index_pairs, least_p, p_of
from harness.stats.compare.results import Category
from harness.stats.intervals import t_quantile
from harness.stats.numbers import UNDERPOWERED
from harness.stats.paired import holm
from harness.stats.tiers import ALPHA
from harness.words import plural

POWER = 0.8
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Within:
    """All pairs of models in all categories: p adjusted by Holm over every one that can decide anything."""

    names: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    rows: tuple[Floats, ...]
    """Of each category: differences, shape (pairs, tasks)."""
    adjusted: Floats
    """Shape (categories, pairs); 1 where too few tasks were met by both."""
    overall: Floats
    """Shape (pairs,): over all tasks, adjusted in the same family; 1 where that was not asked for."""


def within(
    grid: Grid, *, alpha: float, least: int = 0, overall: bool = False, draws: int = DRAWS, seed: int = 0
) -> Within:
    """Test every pair in every category. `overall`: all tasks together are one more in the family.

    Pairs that both met fewer than `least` tasks of a category are not tested there: what cannot decide, however it
    comes out, need not be corrected for. So many as could not reach p = `alpha` never are.
    """
    names = tuple(sorted(set(grid.categories)))
    pairs = tuple(index_pairs(len(grid.models)))
    parts = [grid.only(of_category(grid, name)) for name in names]
    rows = tuple(differences(part.means, pairs) for part in parts)
    met = [(~np.isnan(found)).sum(axis=1) for found in rows]
    tested = [(number >= least) & np.array([least_p(int(n)) <= alpha for n in number], dtype=bool) for number in met]
    p_values = [p_of(part, found, pairs, draws=draws, seed=seed) for part, found in zip(parts, rows, strict=True)]
    if overall:
        p_values.append(p_of(grid, differences(grid.means, pairs), pairs, draws=draws, seed=seed))
        tested.append(np.ones(len(pairs), dtype=bool))
    adjusted = np.ones((len(p_values), len(pairs)))
    asked = np.array(tested, dtype=bool).reshape(adjusted.shape)
    adjusted[asked] = holm([float(p) for p in np.array(p_values).reshape(adjusted.shape)[asked]])
    return Within(names, pairs, rows, adjusted[: len(names)], adjusted[-1] if overall else np.ones(len(pairs)))


def of_category(grid: Grid, name: str) -> NDArray[np.bool_]:
    """(tasks,) whether each is of the category."""
    return np.array([category == name for category in grid.categories], dtype=bool)


def categories(grid: Grid, found: Within, *, alpha: float) -> tuple[Category, ...]:
    """What each category can tell; by name."""
    whole = pair_sd(differences(grid.means, found.pairs))
    return tuple(
        _category(grid.only(of_category(grid, name)), name, found.rows[c], found.adjusted[c], whole, alpha)
        for c, name in enumerate(found.names)
    )


def pair_sd(rows: Floats) -> float | None:
    """Root mean square over pairs of the SD over tasks of differences, shape (pairs, tasks); None without two tasks."""
    squares = [float(known.var(ddof=1)) for row in rows if (known := row[~np.isnan(row)]).size > 1]
    return sqrt(sum(squares) / len(squares)) if squares else None


def detectable(deviation: float | None, tasks: int, scale: float = 1.0) -> float | None:
    """Difference that a paired test at 5% finds with 80% probability: (t_.975 + t_.8) SD / sqrt(n), n - 1 degrees.

    In the unit of the SD. None without an SD, where it is more than `scale`, the greatest difference there can be, and
    with so few tasks that no difference at all is found: sign flips of fewer than six never reach 5%.
    """
    if deviation is None or deviation < _SAME or least_p(tasks) > ALPHA:
        return None
    found = (t_quantile(tasks - 1) + t_quantile(tasks - 1, 2 * POWER - 1)) * deviation / sqrt(tasks)
    return found if found <= scale else None


def leaders(unit: Floats) -> list[int]:
    """Models with the greatest mean, shape (models, tasks); none where nobody has more than 0, or only one of several
    models has a value: it is before nobody."""
    means = nanmean(unit, 1)
    known = int((~np.isnan(means)).sum())
    if known < min(2, len(means)) or not known or np.nanmax(means) <= _SAME:
        return []
    return [int(m) for m in np.flatnonzero(means >= np.nanmax(means) - _SAME)]


def _category(grid: Grid, name: str, rows: Floats, adjusted: Floats, whole_sd: float | None, alpha: float) -> Category:
    number = len(grid.tasks)
    own = pair_sd(rows)
    # A spread told from three tasks is no measure of spread.
    use_own = own is not None and own > _SAME and number >= UNDERPOWERED
    means = nanmean(grid.means / np.where(grid.scale > 0, grid.scale, 1.0), 1)
    separated = int(sum(p <= alpha and abs(np.nansum(row)) > _SAME for row, p in zip(rows, adjusted, strict=True)))
    return Category(
        category=name,
        tasks=number,
        values={m: None if np.isnan(v) else float(v) for m, v in zip(grid.models, means, strict=True)},
        leaders=tuple(tuple(grid.models[m] for m in leaders(unit)) for unit in grid.values),
        underpowered=number < UNDERPOWERED,
        least_p=least_p(number),
        detectable=detectable(own if use_own else whole_sd, number, float(grid.scale.mean()) or 1.0),
        separated=separated,
        note=_note(number, alpha, use_own),
    )


def _note(number: int, alpha: float, own: bool) -> str:
    tests = plural(number, "test")
    if least_p(number) > alpha:
        return f"{tests}: underpowered. A model better at every one of them would have p = {least_p(number):.2g}."
    weak = f"{tests}: underpowered. " if number < UNDERPOWERED else ""
    return f"{weak}{'' if own else 'Reckoned with the spread of all tasks.'}".strip()
