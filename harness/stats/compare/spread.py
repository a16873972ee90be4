"""Each model across runs: how far its totals move, and how far they could."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.stats.compare.grids import Floats, Grid
from harness.stats.compare.pairs import Standing
from harness.stats.compare.results import Spread
from harness.stats.intervals import over_tasks, t_interval
from harness.stats.score import Score


def spread(grid: Grid, found: Standing) -> tuple[Spread, ...]:
    """One a model, greatest mean first."""
    totals, tasks = grid.totals()
    possible = grid.possible()
    return tuple(_model(grid, found, m, totals[:, m].tolist(), int(tasks[m]), float(possible[m])) for m in found.order)


def _trials(scale: Floats) -> float:
    """Tasks of equal weight that vary as much as these together, of weights `scale`, shape (tasks,): Kish (1965)."""
    squares = float(np.sum(scale**2))
    return float(np.sum(scale)) ** 2 / squares if squares > 0 else 1.0


def across(
    values: Sequence[float], possible: float, trials: float = 1.0
) -> tuple[float, float | None, float | None, Score]:
    """(mean, range, SD, mean with its interval for that of further runs) of a model's totals, each of 0..`possible`.

    The interval is Student's t, clipped to what is possible; equal runs get Wilson's, so that it never is [x, x]:
    with `trials` a run, the tasks behind its total, which vary one by one from run to run. Raises ValueError for no
    values.
    """
    data = np.asarray(values, dtype=float)
    several = data.size > 1
    interval = t_interval(list(values), bounds=(0.0, possible), trials=trials)
    mean = float(data.mean())
    score = Score.of(mean, interval, data.size)
    return mean, float(np.ptp(data)) if several else None, float(data.std(ddof=1)) if several else None, score


def rerun_sd(grid: Grid, model: int) -> float | None:
    """Noise of a model's total (mean) from one run of the same tasks to the next: sqrt(sum_t s_t^2), / T for means.

    s_t^2 is the variance of task t's value from run to run (n - 1): for values 0 and 1 the sum is `rerun_variance`.
    None with fewer than two runs, or without a task.
    """
    values = grid.values[:, model, :]
    values = values[~np.isnan(values).all(axis=1)]
    values = values[:, ~np.isnan(values).any(axis=0)]
    if values.shape[0] < 2 or values.shape[1] == 0:
        return None
    total = float(np.sqrt(values.var(axis=0, ddof=1).sum()))
    return total if grid.whole else total / values.shape[1]


def _model(grid: Grid, found: Standing, m: int, totals: list[float], tasks: int, possible: float) -> Spread:
    values = [None if np.isnan(value) else float(value) for value in totals]
    known = [value for value in values if value is not None]
    mean, wide, deviation, rerun = (
        across(known, possible, _trials(grid.scale[grid.complete[m]]))
        if known and possible > 0
        else (None, None, None, Score.missing("No task in all runs."))
    )
    shares = grid.means[m] / np.where(grid.scale > 0, grid.scale, 1.0)
    shares = np.clip(shares[~np.isnan(shares)], 0.0, 1.0)
    runs = int((~np.isnan(grid.values[:, m, :])).any(axis=1).sum())
    return Spread(
        model=grid.models[m],
        tasks=tasks,
        values=tuple(values),
        mean=mean,
        range=wide,
        sd=deviation,
        rerun=rerun,
        new_tasks=over_tasks(shares, [max(runs, round(grid.observations))] * shares.size),
        rerun_sd=rerun_sd(grid, m),
        best_rank=found.ranks[m].best,
        worst_rank=found.ranks[m].worst,
        letters=found.letters[m],
    )
