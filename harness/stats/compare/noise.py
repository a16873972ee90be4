"""How much wins move: by the draw of prompts, from run to run, and by luck among equals."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike

from harness.stats.compare.grids import Floats, Grid
from harness.stats.compare.results import Luck, Noise, RunTest
from harness.stats.compare.spread import rerun_sd
from harness.stats.noise import homogeneity, most_wins_at_least, shared_wins_sd, wins_sd

PERMUTATIONS = 4000
LEAST_PERMUTATIONS = 400
_MOST_CELLS = 200_000_000
"""With more of them fewer permutations are drawn."""
_CELLS_AT_ONCE = 2_000_000
_SAME = 1e-9


def noise(wins: Grid, *, seed: int = 0) -> Noise:
    """Everything about the noise of wins; `wins` is the grid of that metric."""
    totals, _ = wins.totals()
    models, tests = len(wins.models), len(wins.tasks)
    reruns = [found for m in range(models) if (found := rerun_sd(wins, m)) is not None]
    spreads = [float(np.nanstd(column, ddof=1)) for column in totals.T if np.count_nonzero(~np.isnan(column)) > 1]
    return Noise(
        models=models,
        tests=tests,
        prompts_sd=_prompts_sd(wins),
        rerun_sd=_rms(reruns),
        observed_sd=_rms(spreads),
        runs=run_test(wins.values, seed=seed),
        luck=tuple(_luck(wins, unit, seed) for unit in range(len(wins.units))),
    )


def _prompts_sd(wins: Grid) -> float:
    """What the draw of as many prompts does to one of equal models: root mean square over units.

    Where nobody, or everybody, won each test nothing was seen of it: then it is that of tests with one winner.
    """
    models, tests = len(wins.models), len(wins.tasks)
    spreads = []
    for values in wins.values:
        decided = (~np.isnan(values)).any(axis=0)
        if np.nansum(values) > 0:
            spreads.append(shared_wins_sd(values[:, decided], models) * sqrt(tests / int(decided.sum())))
    return _rms(spreads) or wins_sd(tests, models)


def run_test(values: Floats, *, seed: int = 0) -> RunTest | None:
    """Homogeneity of runs; `values`, shape (runs, models, tasks): shares of each win.

    Pearson's chi-square takes every win as a draw of its own. Where more than a fifth of the expected counts are below
    5 (Cochran 1954), or wins are shared, the permutation is to be read: under the hypothesis a task's winners of the
    runs could as well have come in another order. None where fewer than two runs or models have wins.
    """
    # Only what all runs have decided; a model that is missing from a run cannot be compared between runs.
    models = ~np.isnan(values).all(axis=2).any(axis=0)
    kept = values[:, models, :]
    kept = kept[:, :, ~np.isnan(kept).any(axis=(0, 1))]
    if kept.shape[0] < 2 or kept.shape[2] == 0:
        return None
    table = kept.sum(axis=2).T
    found = homogeneity(table.tolist())
    if found is None:
        return None
    small = small_counts(table)
    shared = bool(np.any(np.abs(kept - kept.round()) > 1e-9))
    permuted = permuted_within_tasks(kept, seed=seed)
    use = "permutation" if shared or small > 0.2 else "chi2"
    why = "wins are shared" if shared else f"{small:.0%} of the expected counts are below 5"
    note = f"Read the permutation: {why}." if use == "permutation" else "Counts are large enough for chi-square."
    return RunTest(
        chi2=found.chi2,
        df=found.df,
        p=found.p,
        models=found.models,
        small=small,
        permuted_p=permuted,
        use=use,
        note=note,
    )


def small_counts(table: ArrayLike) -> float:
    """Share of the expected counts of a table (models x runs) of wins below 5; models without a win left out."""
    data = np.asarray(table, dtype=float)
    data = data[data.sum(axis=1) > 0]
    expected = np.outer(data.sum(axis=1), data.sum(axis=0)) / data.sum()
    return float(np.mean(expected < 5))


def permuted_within_tasks(values: Floats, *, draws: int = PERMUTATIONS, seed: int = 0) -> float:
    """p of the chi-square statistic when each task's winners are shuffled among the runs: (hits + 1) / (draws + 1).

    `values`, shape (runs, models, tasks). Fixed: every task's winners. So it holds for few wins, for shared ones, and
    for runs of the same tasks, which are more alike than chi-square supposes.
    """
    runs, _, tasks = values.shape
    rng = np.random.default_rng(seed)
    seen = _statistic(values.sum(axis=2)[None])[0] * (1 - 1e-9)
    draws = max(LEAST_PERMUTATIONS, min(draws, _MOST_CELLS // max(1, values.size)))
    chunk = max(1, min(draws, _CELLS_AT_ONCE // max(1, values.size)))
    hits = done = 0
    while done < draws:
        size = min(chunk, draws - done)
        order = rng.random((size, runs, tasks)).argsort(axis=1)
        shuffled = np.take_along_axis(values[None], order[:, :, None, :], axis=1)
        hits += int((_statistic(shuffled.sum(axis=3)) >= seen).sum())
        done += size
    return (hits + 1) / (draws + 1)


def permuted_margins(wins: Sequence[Sequence[int]], *, draws: int = PERMUTATIONS, seed: int = 0) -> float:
    """The same for a table (models x runs) of which the tasks are not known: wins are dealt out again, rows and columns
    fixed (the exact test of Freeman and Halton 1951, by drawing)."""
    table = np.asarray(wins, dtype=int)
    runs = np.repeat(np.tile(np.arange(table.shape[1]), table.shape[0]), table.ravel())
    models = np.repeat(np.repeat(np.arange(table.shape[0]), table.shape[1]), table.ravel())
    rng = np.random.default_rng(seed)
    seen = _statistic(table.T[None].astype(float))[0] * (1 - 1e-9)
    hits = 0
    for _ in range(draws):
        dealt = np.zeros(table.T.shape)
        np.add.at(dealt, (rng.permutation(runs), models), 1.0)
        hits += int(_statistic(dealt[None])[0] >= seen)
    return (hits + 1) / (draws + 1)


def _statistic(tables: Floats) -> Floats:
    """Pearson's chi-square of each table, shape (n, runs, models)."""
    rows, columns = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    expected = rows * columns / np.maximum(tables.sum(axis=(1, 2), keepdims=True), 1e-12)
    return np.asarray(((tables - expected) ** 2 / np.where(expected > 0, expected, 1.0)).sum(axis=(1, 2)))


def _luck(wins: Grid, unit: int, seed: int) -> Luck:
    """Of the wins there were, dealt out anew among the models of the unit, test by test."""
    values = wins.values[unit]
    values = np.nan_to_num(values[~np.isnan(values).all(axis=1)])
    won, models = values.sum(axis=0), len(values)
    # A test that nobody won, or all of them share, is nobody's luck.
    open_ = np.ptp(values, axis=0) > _SAME if models else np.zeros(won.shape, dtype=bool)
    most = float(values.sum(axis=1).max(initial=0.0))
    dealt = values[:, open_]
    if not dealt.size:
        chance = 1.0
    elif ((dealt > _SAME).sum(axis=0) == 1).all() and (dealt.max(axis=0) > 1 - _SAME).all():
        beyond = most - float(won[~open_].sum()) / models
        chance = most_wins_at_least(ceil(beyond - _SAME), dealt.shape[1], models)
    else:
        chance = _luckiest(dealt, seed)
    return Luck(run=wins.units[unit], most=most, tests=round(float(won.sum())), models=models, p=chance)


def _luckiest(shares: Floats, seed: int) -> float:
    """How often the luckiest has as many wins as now: (hits + 1) / (draws + 1). `shares`, shape (models, tests)."""
    rng = np.random.default_rng(seed)
    seen = float(shares.sum(axis=1).max()) - _SAME
    draws = max(LEAST_PERMUTATIONS, min(PERMUTATIONS, _MOST_CELLS // shares.size))
    chunk = max(1, min(draws, _CELLS_AT_ONCE // shares.size))
    hits = 0
    for start in range(0, draws, chunk):
        order = rng.random((min(chunk, draws - start), *shares.shape)).argsort(axis=1)
        hits += int((np.take_along_axis(shares[None], order, axis=1).sum(axis=2).max(axis=1) >= seen).sum())
    return (hits + 1) / (draws + 1)


def _rms(values: Sequence[float]) -> float | None:
    return sqrt(sum(value * value for value in values) / len(values)) if values else None
