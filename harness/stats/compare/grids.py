"""Run tables cut down to what can be compared: the same tasks, unchanged, as arrays."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.stats.compare.results import LeftOut
from harness.stats.compare.tables import Metric, RunTable, Ties

Floats = NDArray[np.float64]
Met = Collection[tuple[str, str, int]]
"""(model, task, repeat) of one run."""
_ROUNDING = 1e-9


class Incomparable(ValueError):
    """Runs that have nothing to compare, with what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Grid:
    """Models x tasks x units. A unit is a run, or a repeat where one run is all there is."""

    metric: Metric
    units: tuple[str, ...]
    of_repeats: bool
    """Units are repeats of a single run."""
    models: tuple[str, ...]
    """Sorted by name."""
    tasks: tuple[str, ...]
    """Sorted by name; in every unit, and unchanged between them."""
    categories: tuple[str, ...]
    """Of each task."""
    values: Floats
    """Shape (units, models, tasks): mean over attempts, then repeats; nan where there is no graded attempt."""
    scale: Floats
    """Shape (tasks,): the greatest possible value; 1 but for points."""
    left_out: tuple[LeftOut, ...]
    observations: float
    """Attempts behind a value of `means`, on average; for wins and marks the repeats of all units."""
    single: bool
    """One observation of each model and task: passed or not."""
    graded: NDArray[np.bool_]
    """Shape (tasks,): whether any observation of it is more than nothing and less than all; judges' marks always."""
    undecided: tuple[int, ...]
    """Wins only: tasks of each unit that nobody could win, since a model has no value there or a judge's
    verdict never came. Else 0."""
    together: tuple[tuple[str, ...], ...] = ()
    """Where rows are groups: the models of each. Empty: a row is a model."""
    members: NDArray[np.int64] | None = None
    """Shape (units, models), where rows are groups: how many models of each take part in a unit."""
    parts: tuple[Floats, ...] = ()
    """Where rows are groups: the values of the models of each, shape (units, its models, tasks)."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Shape (models,): how many models each row stands for."""
        return np.array([len(models) for models in self.together] or [1] * len(self.models), dtype=np.int64)

    @property
    def there(self) -> NDArray[np.int64]:
        """Shape (units, models): how many models each row stands for in a unit; 0 where it is not in it."""
        return takes_part(self.values).astype(np.int64) if self.members is None else self.members

    @property
    def means(self) -> Floats:
        """Shape (models, tasks): mean over units, nan where a model has no value in any."""
        return nanmean(self.values, 0)

    @property
    def whole(self) -> bool:
        """Whether values add up to a total (points, wins) or are averaged (rates)."""
        return self.metric in ("points", "wins")

    def only(self, wanted: NDArray[np.bool_]) -> Grid:
        """The grid of some of the tasks; `wanted`, shape (tasks,)."""
        kept = np.flatnonzero(wanted)
        return replace(
            self,
            tasks=tuple(self.tasks[i] for i in kept),
            categories=tuple(self.categories[i] for i in kept),
            values=self.values[:, :, kept],
            parts=tuple(part[:, :, kept] for part in self.parts),
            scale=self.scale[kept],
            graded=self.graded[kept],
        )

    @property
    def complete(self) -> NDArray[np.bool_]:
        """(models, tasks) whether a model has a value for the task in each unit that it is in, and is in one."""
        there = ~np.isnan(self.values)
        part = takes_part(self.values)
        return np.asarray((there | ~part[:, :, None]).all(axis=0) & there.any(axis=0))

    def totals(self) -> tuple[Floats, NDArray[np.int64]]:
        """(units, models) values a unit, and (models,) the tasks they rest on.

        Sums for points and wins, else means. A model's tasks are those it has a value for in each unit that it is in,
        so that its units are about the same tasks. nan for a unit that a model is not in.
        """
        complete = self.complete
        kept = np.where(complete[None, :, :], self.values, 0.0).sum(axis=2)
        tasks = complete.sum(axis=1)
        if not self.whole:
            kept = kept / np.maximum(tasks, 1)
        return np.where(takes_part(self.values) & (tasks > 0)[None, :], kept, np.nan), tasks

    @property
    def won(self) -> Floats:
        """Shape (units,): how many tests somebody won, where values are wins; of several repeats the mean."""
        return np.asarray(np.nansum(self.values * self.there[:, :, None], axis=(1, 2)))

    def possible(self) -> Floats:
        """(models,) the greatest possible total of each."""
        if not self.whole:
            return np.ones(len(self.models))
        if self.metric == "wins":
            return np.asarray(self.complete.sum(axis=1), dtype=float)
        return np.asarray((self.complete * self.scale[None, :]).sum(axis=1), dtype=float)


def takes_part(values: Floats) -> NDArray[np.bool_]:
    """(units, models) whether a model has any value in a unit; `values`, shape (units, models, tasks)."""
    return np.asarray((~np.isnan(values)).any(axis=2), dtype=bool)


def nanmean(values: Floats, axis: int) -> Floats:
    """Mean without nan; nan where there is nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmean(values, axis=axis))


def grid(tables: Sequence[RunTable], metric: Metric, *, ties: Ties = "share", models: Sequence[str] = ()) -> Grid:
    """What of the runs can be compared. `models`: only these, in place of all that have a graded attempt.

    Raises Incomparable where nothing is left.
    """
    met = [table.met(metric) for table in tables]
    names = _models(met, models)
    tasks, left_out = _tasks(tables, met, set(names))
    replicates = [(t, repeat) for t, found in enumerate(met) for repeat in sorted({key[2] for key in found})]
    scale = _scale(tables, tasks) if metric == "points" else np.ones(len(tasks))
    undecided = np.zeros(len(replicates), dtype=int)
    if metric == "wins":
        values, undecided = _wins(tables, replicates, names, tasks, ties)
    elif metric == "judge":
        values = _fill(replicates, names, tasks, lambda t, key: tables[t].marks.get(key))
        if np.isnan(values).all():
            raise Incomparable(
                "no judge has marked anything in these runs", "`harness judge RUN` first, or take --metric score"
            )
    else:
        values = _cells(tables, replicates, names, tasks, metric)
    of_repeats = len(tables) == 1
    if of_repeats:
        units = tuple(f"repeat {repeat + 1}" for _, repeat in replicates)
    else:
        units = _distinct([table.name for table in tables])
        places = [[i for i, (t, _) in enumerate(replicates) if t == run] for run in range(len(tables))]
        values = np.stack([nanmean(values[place], 0) for place in places])
        undecided = np.array([int(undecided[place].sum()) for place in places])
    categories = tuple(next(t.categories[task] for t in tables if task in t.categories) for task in tasks)
    single = metric == "pass" and len(replicates) == 1 and all(cell.n == 1 for cell in tables[0].cells.values())
    behind = float(len(replicates))
    if metric not in ("wins", "judge"):
        behind = _attempts(tables, names, tasks)
    graded = np.full(len(tasks), metric == "judge")
    if metric in ("score", "points"):
        graded = _in_between(tables, names, tasks)
    return Grid(
        metric, units, of_repeats, names, tasks, categories, values, scale, left_out, behind, single, graded,
        tuple(map(int, undecided)),
    )  # fmt: skip


def _models(met: Sequence[Met], wanted: Sequence[str]) -> tuple[str, ...]:
    graded = sorted({model for found in met for model, _, _ in found})
    if not graded:
        raise Incomparable(
            "no attempt of these runs has been graded", "repeat the runs' own commands, which go on where they stopped"
        )
    if unknown := sorted(set(wanted) - set(graded)):
        raise Incomparable(
            f"no graded attempt of {', '.join(unknown)} in these runs", f"models there are: {', '.join(graded)}"
        )
    return tuple(model for model in graded if not wanted or model in wanted)


def _tasks(
    tables: Sequence[RunTable], met: Sequence[Met], models: set[str]
) -> tuple[tuple[str, ...], tuple[LeftOut, ...]]:
    """Tasks that are the same in every run, and the others with the reason."""
    by_run = [{task for model, task, _ in found if model in models} for found in met]
    kept, left = [], []
    for task in sorted(set.union(*by_run)):
        missing = [table.name for table, found in zip(tables, by_run, strict=True) if task not in found]
        hashes = set.union(*(table.hashes.get(task, set()) for table in tables)) - {""}
        if missing:
            left.append(LeftOut(task=task, why=f"not graded in {', '.join(missing)}"))
        elif len(hashes) > 1:
            left.append(LeftOut(task=task, why="changed between the runs: its content has another hash"))
        else:
            kept.append(task)
    if not kept:
        raise Incomparable(
            f"these runs have no task in common that is unchanged, e.g. {left[0].task}: {left[0].why}",
            "compare runs of the same suites; `harness regrade` grades old answers by tasks as they are now",
        )
    return tuple(kept), tuple(left)


def _fill(
    replicates: Sequence[tuple[int, int]],
    names: Sequence[str],
    tasks: Sequence[str],
    value: Callable[[int, tuple[str, str, int]], float | None],
) -> Floats:
    """Shape (replicates, models, tasks): `value(table, (model, task, repeat))`, nan for None."""
    found = np.full((len(replicates), len(names), len(tasks)), np.nan)
    for r, (table, repeat) in enumerate(replicates):
        for m, model in enumerate(names):
            for t, task in enumerate(tasks):
                number = value(table, (model, task, repeat))
                if number is not None:
                    found[r, m, t] = number
    return found


def _cells(
    tables: Sequence[RunTable],
    replicates: Sequence[tuple[int, int]],
    names: Sequence[str],
    tasks: Sequence[str],
    metric: Metric,
) -> Floats:
    """Shape (replicates, models, tasks): mean over attempts, nan where there is none."""

    def value(table: int, key: tuple[str, str, int]) -> float | None:
        cell = tables[table].cells.get(key)
        return None if cell is None else cell.value(metric)

    return _fill(replicates, names, tasks, value)


def _attempts(tables: Sequence[RunTable], names: Sequence[str], tasks: Sequence[str]) -> float:
    """Graded attempts of a model at a task, on average over those that have any."""
    counts: Counter[tuple[str, str]] = Counter()
    known_models, known_tasks = set(names), set(tasks)
    for table in tables:
        for (model, task, _), cell in table.cells.items():
            if model in known_models and task in known_tasks:
                counts[model, task] += cell.n
    return counts.total() / len(counts)


def _in_between(tables: Sequence[RunTable], names: Sequence[str], tasks: Sequence[str]) -> NDArray[np.bool_]:
    """(tasks,) whether any attempt has some of the points: sums of scores that are all or nothing are whole."""
    known = set(names)
    some = {
        task
        for table in tables
        for (model, task, _), cell in table.cells.items()
        if model in known and abs(cell.score - round(cell.score)) > _ROUNDING * cell.n
    }
    return np.array([task in some for task in tasks], dtype=bool)


def _scale(tables: Sequence[RunTable], tasks: Sequence[str]) -> Floats:
    place = {task: i for i, task in enumerate(tasks)}
    scale = np.zeros(len(tasks))
    for table in tables:
        for (_, task, _), cell in table.cells.items():
            if task in place:
                scale[place[task]] = max(scale[place[task]], cell.max_points)
    return scale


def _wins(
    tables: Sequence[RunTable],
    replicates: Sequence[tuple[int, int]],
    names: Sequence[str],
    tasks: Sequence[str],
    ties: Ties,
) -> tuple[Floats, NDArray[np.int64]]:
    """(replicates, models, tasks) shares of each win, and the tasks of each replicate that could not be decided."""
    scores = _cells(tables, replicates, names, tasks, "score")
    ranks = _fill(replicates, names, tasks, lambda t, key: tables[t].ranks.get(key[1:], {}).get(key[0]))
    # Where nobody but a judge can say what an answer is worth, a rank is all there is.
    graded = ~np.isnan(scores)
    there = graded | ~np.isnan(ranks)
    part = takes_part(np.where(there, 0.0, np.nan))
    decided = np.asarray((there | ~part[:, :, None]).all(axis=1), dtype=bool)
    # Judges rank what passes only: who has no mark has not won. Without marks the score decides, and 0 wins nothing.
    judged = (~np.isnan(ranks)).sum(axis=1) > 1
    # A verdict that was asked for and never came is neither a loss nor, by equal scores, a tie.
    asked, lost = _lost(tables, replicates, names, tasks)
    decided &= ~np.where(judged, (lost & np.isnan(ranks)).any(axis=1), asked)
    low = np.where(np.isnan(ranks), np.inf, ranks)
    by_judge = low <= low.min(axis=1, keepdims=True) + _ROUNDING
    high = np.where(graded, scores, -1.0)
    decided &= ~(judged & _open(tables, replicates, names, tasks, ranks, by_judge))
    best = high.max(axis=1, keepdims=True)
    by_score = (high >= best - _ROUNDING) & (best > _ROUNDING)
    won = np.where(judged[:, None, :], by_judge & ~np.isnan(ranks), by_score) & decided[:, None, :]
    number = won.sum(axis=1, keepdims=True)
    shares = won / np.maximum(number, 1) if ties == "share" else won & (number == 1)
    known = decided[:, None, :] & part[:, :, None]
    return np.where(known, shares, np.nan).astype(float), np.asarray((~decided).sum(axis=1))


def _open(
    tables: Sequence[RunTable],
    replicates: Sequence[tuple[int, int]],
    names: Sequence[str],
    tasks: Sequence[str],
    ranks: Floats,
    first: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """(replicates, tasks) whether pairs that could not be read might have made others win than those ranked `first`."""

    def bound(place: int) -> Floats:
        found = _fill(
            replicates, names, tasks,
            lambda t, key: tables[t].loose.get(key[1:], {}).get(key[0], (np.nan, np.nan))[place],
        )  # fmt: skip
        return np.where(np.isnan(found), ranks, found)

    least, most = bound(0), bound(1)
    first = first & ~np.isnan(ranks)
    behind = ~first & ~np.isnan(ranks)
    overtaken = np.where(first, most, -np.inf).max(axis=1) >= np.where(behind, least, np.inf).min(axis=1)
    # Of several who share a win each could have it alone.
    shared = (first.sum(axis=1) > 1) & (first & (most > least)).any(axis=1)
    return np.asarray(overtaken | shared, dtype=bool)


def _lost(
    tables: Sequence[RunTable], replicates: Sequence[tuple[int, int]], names: Sequence[str], tasks: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(replicates, tasks) whether a question of who is better came to nothing, (replicates, models, tasks) for whom."""
    asked = np.zeros((len(replicates), len(tasks)), dtype=bool)
    lost = np.zeros((len(replicates), len(names), len(tasks)), dtype=bool)
    for r, (table, repeat) in enumerate(replicates):
        for t, task in enumerate(tasks):
            models = tables[table].lost.get((task, repeat))
            if models is not None:
                asked[r, t] = not models or len(models.intersection(names)) > 1
                lost[r, :, t] = [name in models for name in names]
    return asked, lost


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names of runs, told apart where two are the same."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(made)
