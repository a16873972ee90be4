"""What it would take: tasks or repeats for a target precision, and what can be found now."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np

from harness.stats.compare.categories import detectable, pair_sd
from harness.stats.compare.grids import Floats, Grid
from harness.stats.compare.pairs import differences, index_pairs
from harness.stats.compare.results import Need, Planning
from harness.stats.intervals import t_quantile, z_quantile
from harness.stats.noise import prompts_needed

TARGETS = {"wins": 0.5, "points": 1.0}
"""Default targets in the metric's unit; five percentage points for rates."""
_SAME = 1e-9
_MOST = 10_000_000


def planning(grid: Grid, order: tuple[int, ...], target: float | None) -> Planning:
    """`target` in the metric's unit: wins or points of as many tasks as now, shares for rates; None is the default.

    Raises ValueError unless it is greater than 0.
    """
    wanted = TARGETS.get(grid.metric, 0.05) if target is None else target
    if not wanted > 0:
        raise ValueError(f"a target half width is greater than 0: {wanted}")
    number = len(grid.tasks)
    # Totals are reckoned as means of a task.
    half = wanted / number if grid.whole else wanted
    rows = differences(grid.means, index_pairs(len(grid.models)))
    deviation = pair_sd(rows)
    found = detectable(deviation, number, float(grid.scale.mean()) or 1.0)
    return Planning(
        target=wanted,
        needs=tuple(_need(grid.models[m], grid.values[:, m, :], half, number if grid.whole else 1) for m in order),
        pair_sd=deviation,
        pair_tasks=None if deviation is None else tasks_needed(deviation, half),
        detectable=found,
        win_tests=prompts_needed(wanted, int(grid.sizes.sum()), scale=number)
        if grid.metric == "wins" and grid.sizes.sum() > 1
        else None,
    )


def tasks_needed(deviation: float, half_width: float) -> int | None:
    """The fewest n with t_(n-1) SD / sqrt(n) <= half width; None for an SD of 0: too little was seen to reckon with."""
    if deviation < _SAME:
        return None
    if (z_quantile() * deviation / half_width) ** 2 > _MOST:
        return _MOST
    n = max(2, ceil((z_quantile() * deviation / half_width) ** 2 - _SAME))
    while t_quantile(n - 1) * deviation / sqrt(n) > half_width * (1 + _SAME):
        n += 1
    return n


def repeats_needed(
    between: float, within: float, tasks: int, half_width: float, *, same_tasks: bool = False
) -> int | None:
    """The fewest repeats r with q sqrt((between + within / r) / tasks) <= half width; None where none is enough.

    `between` tasks and `within` a task, from run to run, are variances. q is Student's with tasks - 1 degrees, and
    the normal one for the `same_tasks` again (`between` 0).
    """
    q = t_quantile(tasks - 1) if tasks > 1 and not same_tasks else z_quantile()
    left = half_width**2 * tasks / q**2 - between
    if left <= 0:
        return None
    return max(1, ceil(within / left - _SAME))


def _need(model: str, values: Floats, half: float, unit: int) -> Need:
    """`values`, shape (runs, tasks); `unit`: what a mean of a task is multiplied by to be told."""
    values = values[~np.isnan(values).all(axis=1)]
    values = values[:, ~np.isnan(values).any(axis=0)]
    runs, tasks = values.shape
    if tasks < 2 or runs < 1:
        return Need(model=model, half_width=None, tasks=None, repeats=None, repeats_same_tasks=None)
    variance = float(values.mean(axis=0).var(ddof=1))
    within = float(values.var(axis=0, ddof=1).mean()) if runs > 1 else None
    known = within is not None and within > _SAME
    between = max(0.0, variance - (within or 0.0) / runs)
    flat = variance < _SAME
    return Need(
        model=model,
        half_width=None if flat else unit * t_quantile(tasks - 1) * sqrt(variance / tasks),
        tasks=tasks_needed(sqrt(variance), half),
        repeats=repeats_needed(between, within or 0.0, tasks, half) if known else None,
        repeats_same_tasks=repeats_needed(0.0, within or 0.0, tasks, half, same_tasks=True) if known else None,
    )
