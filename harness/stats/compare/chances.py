"""How often equal models do by chance what was seen of these: each task's values are dealt anew among them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.stats.compare.grids import Floats

DRAWS = 20_000
_LEAST_DRAWS = 100
_AS_MANY = 0.75
_MOST_CELLS = 1_000_000
"""With more of them fewer draws are made: every run of every category needs some."""
_DIGITS = 9
"""Totals that differ beyond them differ by rounding."""


def comparable(values: Floats) -> NDArray[np.bool_]:
    """(models,) which have met about as many tasks as anybody of a run, `values` of shape (models, tasks): the others
    are not dealt to, since of few tasks they would leave few to all."""
    met = (~np.isnan(values)).sum(axis=1)
    return np.asarray(met >= _AS_MANY * met.max(initial=1), dtype=bool)


def alone_ahead(values: Floats, *, seed: int = 0) -> float | None:
    """Chance that a given one of equal models is ahead of all others; a tie is not ahead.

    `values`, shape (models, tasks), nan where a model has none: as `totals_dealt` has it, (hits + 1) / (draws + 1) over
    the number of models. None where that is.
    """
    totals = totals_dealt(values, seed=seed)
    if totals is None:
        return None
    alone = int(((totals == totals.max(axis=1, keepdims=True)).sum(axis=1) == 1).sum())
    return (alone + 1) / (len(totals) + 1) / int(totals.shape[1])


def one_ahead(values: Floats, *, seed: int = 0) -> float | None:
    """Chance that a given one of two equal models is ahead of the other: half of what ties leave. As `alone_ahead`."""
    totals = totals_dealt(values, seed=seed)
    if totals is None:
        return None
    half = totals.shape[1] // 2
    # All pairs are alike; those of different models of one deal are the least dependent.
    tied = float(np.mean(totals[:, :half] == totals[:, half : 2 * half]))
    return (1 - tied) / 2


def totals_dealt(values: Floats, *, seed: int = 0) -> Floats | None:
    """(draws, models) totals of the `comparable` models over the tasks that these all have a value for, dealt within
    each task. None with fewer than two models, and where these tasks are less than half of those that anybody met."""
    there = values[comparable(values)]
    whole = int((~np.isnan(values)).any(axis=0).sum())
    there = there[:, ~np.isnan(there).any(axis=0)]
    models, tasks = there.shape
    if models < 2 or not tasks or tasks < whole / 2:
        return None
    rng = np.random.default_rng(seed)
    moving = there[:, np.ptp(there, axis=0) > 10.0**-_DIGITS]
    tasks = moving.shape[1]
    if ((moving != 0).sum(axis=0) == 1).all() and (moving.max(axis=0, initial=1.0) == 1).all():
        # One winner a task: the wins of equal models are multinomial.
        return rng.multinomial(tasks, np.full(models, 1 / models), size=DRAWS).astype(float)
    draws = max(_LEAST_DRAWS, min(DRAWS, _MOST_CELLS // max(1, moving.size)))
    chunk = max(1, min(draws, _MOST_CELLS // max(1, moving.size)))
    made = [
        rng.permuted(np.broadcast_to(moving.T, (min(chunk, draws - done), tasks, models)), axis=2).sum(axis=1)
        for done in range(0, draws, chunk)
    ]
    return np.concatenate(made).round(_DIGITS)
