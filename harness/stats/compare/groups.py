"""Groups of models compared as one each: "cloud" and "local" in place of eleven names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.stats.compare.grids import Floats, Grid, Incomparable, takes_part
from harness.stats.compare.results import Group

Groups = Mapping[str, Sequence[str]]
"""Name of a group -> its models."""
_SAME = 1e-9


def grouped(grid: Grid, groups: Groups) -> Grid:
    """The grid with a row a group, by name among the models that are in none.

    A group's value at a task is the mean of its models', for wins too, so that groups of different sizes are compared
    by what one of their models does; it has none where one of its models that is in the run has none. Raises
    Incomparable for a group without models, with models that are not there or in another group, or with a model's name.
    """
    _check(grid, groups)
    place = {model: m for m, model in enumerate(grid.models)}
    taken = {model for models in groups.values() for model in models}
    rows = {**{model: [model] for model in grid.models if model not in taken}, **groups}
    names = tuple(sorted(rows))
    part = takes_part(grid.values)
    made = [_mean(grid.values[:, own], part[:, own]) for own in ([place[model] for model in rows[n]] for n in names)]
    return replace(
        grid,
        models=names,
        values=np.stack(made, axis=1),
        single=grid.single and all(len(models) == 1 for models in rows.values()),
        parts=tuple(grid.values[:, [place[model] for model in rows[name]]] for name in names),
        together=tuple(tuple(sorted(rows[name])) for name in names),
        members=np.stack([part[:, [place[model] for model in rows[name]]].sum(axis=1) for name in names], axis=1),
    )


def _mean(values: Floats, part: NDArray[np.bool_]) -> Floats:
    """(units, tasks) mean over the models that take part in the unit; `values`, shape (units, models, tasks)."""
    number = part.sum(axis=1)
    total = np.where(part[:, :, None], values, 0.0).sum(axis=1)
    return np.asarray(np.where(number[:, None] > 0, total / np.maximum(number, 1)[:, None], np.nan))


def _check(grid: Grid, groups: Groups) -> None:
    there = f"models there are: {', '.join(grid.models)}"
    seen: dict[str, str] = {}
    for name, models in groups.items():
        if not models:
            raise Incomparable(f"group {name} has no models", there)
        for model in models:
            if model not in grid.models:
                raise Incomparable(f"group {name}: no graded attempt of {model}", there)
            if model in seen:
                raise Incomparable(
                    f"{model} is in group {seen[model]} and in group {name}" if seen[model] != name
                    else f"{model} is in group {name} twice",
                    "a model is in one group at most",
                )  # fmt: skip
            seen[model] = name
    for name in groups:
        if name in grid.models and name not in groups[name]:
            raise Incomparable(f"group {name} has the name of a model that is not in it", "give the group another name")


def shares(grid: Grid, groups: Groups) -> Iterator[Group]:
    """What each group has together, run by run; `grid` is that of the models."""
    totals = np.nansum(grid.values, axis=2)
    part = takes_part(grid.values)
    for name, models in sorted(groups.items()):
        own = np.array([model in models for model in grid.models])
        together, there = totals[:, own].sum(axis=1), part[:, own].sum(axis=1)
        yield Group(
            name=name,
            models=tuple(model for model in grid.models if model in models),
            totals=_known(together, there > 0) if grid.whole else (),
            shares=_known(together / np.maximum(totals.sum(axis=1), _SAME), (there > 0) & (totals.sum(axis=1) > _SAME)),
            expected=_known(there / np.maximum(part.sum(axis=1), 1), there > 0),
        )


def _known(values: Floats, there: NDArray[np.bool_]) -> tuple[float | None, ...]:
    return tuple(float(value) if known else None for value, known in zip(values, there, strict=True))
