"""What it says that a model had the same in every run: less than it seems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import lgamma, log, log1p, prod

import numpy as np

from harness.stats.compare.grids import Grid
from harness.stats.intervals import clopper_pearson
from harness.stats.score import LEVEL
from harness.words import plural

_ROUNDING = 1e-6
SHOWN = 4
"""Models named in a line."""


def equal_by_chance(share: float, tests: int, runs: int) -> float:
    """Probability that `runs` independent runs give a model the same number of wins: sum_k B(k; tests, share)^runs.

    The binomial leaves out that prompts are the same in each run, which makes equal runs more likely still.
    """
    if share <= 0 or share >= 1:
        return 1.0
    # By logarithms: C(tests, k) alone leaves the range of a float from about a thousand tests on.
    k = np.arange(tests + 1)
    ways = lgamma(tests + 1) - np.array([lgamma(i + 1) + lgamma(tests - i + 1) for i in range(tests + 1)])
    return float(np.exp(runs * (ways + k * log(share) + (tests - k) * log1p(-share))).sum())


def equal_runs(grid: Grid) -> Iterator[str]:
    """A line a thing that equal runs do not say; nothing with one run, or where no model has the same in all."""
    totals, tasks = grid.totals()
    runs = len(grid.units)
    there = ~np.isnan(totals)
    same = [m for m in range(len(grid.models)) if there[:, m].all() and np.ptp(totals[:, m]) < _ROUNDING]
    if runs < 2 or not same or not tasks.any():
        return
    still = [m for m in same if totals[0, m] > _ROUNDING]
    if still:
        unseen = 1 - (1 - LEVEL) ** (1 / runs)
        yield (
            f"The same in all {runs} runs: {_named(grid, still)}. That leaves up to {unseen:.0%} of further runs to "
            "differ."
        )
    if grid.metric == "wins":
        yield from _of_wins(grid, still, [m for m in same if m not in still])


def _of_wins(grid: Grid, still: Sequence[int], none: Sequence[int]) -> Iterator[str]:
    totals, tasks = grid.totals()
    runs = len(grid.units)
    active = [m for m in range(len(grid.models)) if np.nansum(totals[:, m]) > _ROUNDING and tasks[m]]
    chances = {m: equal_by_chance(float(np.nanmean(totals[:, m])) / int(tasks[m]), int(tasks[m]), runs) for m in active}
    any_of_them = 1 - prod(1 - chance for chance in chances.values())
    for m in still[:SHOWN]:
        yield (
            f"{grid.models[m]}: {totals[0, m]:g} wins in each run. Runs that draw anew are as equal with probability "
            f"{chances[m]:.3f}; that one of {plural(len(active), 'model')} with wins does, about {any_of_them:.2f}."
        )
    if none:
        number = int(tasks[none[0]])
        high = clopper_pearson(0, number).high or 0.0
        yield (
            f"No win in {runs} runs of {plural(number, 'task')}: {_named(grid, none)}. The same tasks again are "
            f"no new tasks: up to {high:.1%} of such tasks may be theirs."
        )


def _named(grid: Grid, models: Sequence[int]) -> str:
    names = ", ".join(grid.models[m] for m in models[:SHOWN])
    return names if len(models) <= SHOWN else f"{names} and {len(models) - SHOWN} more"
