"""From run tables to a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness.stats.compare.categories import categories, within
from harness.stats.compare.claims import claims, top_tiers
from harness.stats.compare.equal_runs import equal_runs
from harness.stats.compare.grids import Grid, Incomparable, grid, takes_part
from harness.stats.compare.groups import Groups, grouped, shares
from harness.stats.compare.missing import told_missing
from harness.stats.compare.noise import noise
from harness.stats.compare.pairs import Standing, least_p, results, standing, turned
from harness.stats.compare.planning import planning
from harness.stats.compare.results import Comparison, ModelFacts, PairResult, Spread
from harness.stats.compare.scored_by import told_modes, told_scales
from harness.stats.compare.spread import spread
from harness.stats.compare.stability import samples, stability
from harness.stats.compare.tables import METRICS, Metric, ModelRow, RunTable, Ties
from harness.stats.pathologies import counted
from harness.stats.tiers import ALPHA, LETTERS
from harness.words import plural


def compare(
    tables: Sequence[RunTable],
    metric: Metric = "pass",
    *,
    target: float | None = None,
    baseline: str = "",
    ties: Ties = "share",
    models: Sequence[str] = (),
    groups: Groups | None = None,
    alpha: float = ALPHA,
    seed: int = 0,
) -> Comparison:
    """Runs side by side; of one run, its repeats. Nothing depends on the order of models or tasks; of the runs only
    the first is special: what it says are the claims.

    `target`: half width to plan for, in the metric's unit. `models`: only these. `groups`: compared as one each, by
    the mean of their models. Raises Incomparable where there is nothing to compare, ValueError for a target or alpha
    out of range.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is between 0 and 1: {alpha}")
    each = grid(tables, metric, ties=ties, models=models)
    found = grouped(each, groups) if groups else each
    if baseline and baseline not in found.models:
        raise Incomparable(f"no graded attempt of {baseline}", f"models there are: {', '.join(found.models)}")
    wins = each if metric == "wins" else grid(tables, "wins", ties=ties, models=models)
    placed = standing(found, alpha=alpha, seed=seed)
    cells = within(found, alpha=alpha, seed=seed)
    tiers = top_tiers(found, alpha=alpha, seed=seed)
    names = tuple(found.models[m] for m in placed.order)
    about = facts(tables, _everyone(tables, names if found is each else each.models, models))
    of_possible = found.means / np.where(found.scale > 0, found.scale, 1.0)
    return Comparison(
        alpha=alpha,
        metric=metric,
        meaning=METRICS[metric] + ("; of a group, the mean of its models" if groups else ""),
        unit=metric if found.whole else "share",
        runs=found.units,
        of_repeats=found.of_repeats,
        models=names,
        groups=tuple(shares(each, groups or {})),
        tasks=found.tasks,
        left_out=found.left_out,
        spread=spread(found, placed),
        pairs=placed.pairs,
        baseline=baseline,
        against=_against(found, baseline, placed.order, alpha, seed) if baseline else (),
        noise=noise(wins, seed=seed),
        tiers=tiers,
        claims=claims(found, placed, cells, tiers, alpha=alpha, seed=seed),
        categories=categories(found, cells, alpha=alpha),
        planning=planning(found, placed.order, target),
        stability=stability(tables, found.tasks, each.models),
        facts=about,
        heat=tuple(
            tuple(None if np.isnan(of_possible[m, t]) else float(of_possible[m, t]) for m in placed.order)
            for t in range(len(found.tasks))
        ),
        notes=(
            *_notes(tables, found, placed, each, wins, alpha),
            *told_scales(tables, found.tasks, each.models, metric),
            *told_modes(tables, metric),
            *told_missing(about, each.models, metric),
        ),
    )


def standings(
    tables: Sequence[RunTable],
    metric: Metric = "pass",
    *,
    ties: Ties = "share",
    models: Sequence[str] = (),
    groups: Groups | None = None,
    alpha: float = ALPHA,
    seed: int = 0,
) -> tuple[Spread, ...]:
    """`compare(...).spread` and nothing else. Raises Incomparable where there is nothing to compare."""
    each = grid(tables, metric, ties=ties, models=models)
    found = grouped(each, groups) if groups else each
    return spread(found, standing(found, alpha=alpha, seed=seed))


def facts(tables: Sequence[RunTable], names: Sequence[str]) -> tuple[ModelFacts, ...]:
    """Costs, times and pathologies of each model, all runs together."""
    drawn = samples(tables)
    made = []
    for name in names:
        rows = [table.models.get(name, ModelRow()) for table in tables]
        marks: Counter[str] = sum((row.flags for row in rows), Counter())
        timed, known = sum(row.timed for row in rows), sum(row.cost_known for row in rows)
        made.append(
            ModelFacts(
                model=name,
                attempts=sum(row.attempts for row in rows),
                graded=sum(row.graded for row in rows),
                failed=_of(name, (table.failed for table in tables)),
                unscored=_of(name, (table.unscored for table in tables)),
                cost_usd=sum(row.cost_usd for row in rows) / known if known else None,
                seconds=sum(row.seconds for row in rows) / timed if timed else None,
                flags=counted(marks, [found for (model, _), found in drawn.items() if model == name]),
            )
        )
    return tuple(made)


def _of(model: str, counts: Iterable[Mapping[tuple[str, str], int]]) -> int:
    return sum(number for found in counts for (name, _), number in found.items() if name == model)


def _everyone(tables: Sequence[RunTable], first: Sequence[str], only: Sequence[str]) -> list[str]:
    """Models whose attempts are told of: those compared, and those that nothing is graded of."""
    others = {name for table in tables for name in table.models} - set(first)
    return [*first, *sorted(name for name in others if not only or name in only)]


def _against(found: Grid, baseline: str, order: Sequence[int], alpha: float, seed: int) -> tuple[PairResult, ...]:
    """Every other model less the baseline, Holm over these pairs only."""
    base = found.models.index(baseline)
    pairs = [(min(m, base), max(m, base)) for m in order if m != base]
    made = results(found, pairs, alpha=alpha, seed=seed)
    return tuple(pair if pair.second == baseline else turned(pair) for pair in made)


def _notes(
    tables: Sequence[RunTable], found: Grid, placed: Standing, each: Grid, wins: Grid, alpha: float
) -> list[str]:
    """What a reader has to know first."""
    notes = []
    if len(found.units) == 1:
        notes.append("One run: nothing here is about a rerun. Repeat it (--repeats 3) before you call anything stable.")
    elif len(found.units) == 2:
        notes.append("Two runs show that results move, but not how far: three are the least.")
    if found.together:
        notes.append("A group is the models named, each as much as any other: nothing here is about others like them.")
    if len(found.models) == 1:
        notes.append("One model: there is nobody to compare it with; what is shown is how far it moves.")
    if len(found.models) > 1 and not any(placed.letters):
        notes.append(f"More than {LETTERS} letters would be needed to show who is not told apart: places say it.")
    number = len(found.tasks)
    if number == 1:
        notes.append("One task: nothing here is about other tasks.")
    if least_p(number) > alpha and len(found.models) > 1:
        notes.append(
            f"So few tasks cannot separate two models: one better at all of them would have p = {least_p(number):.2g}."
        )
    there = takes_part(found.values)
    for m, name in enumerate(found.models):
        missing = [unit for u, unit in enumerate(found.units) if not there[u, m]]
        if len(missing) == len(found.units):
            notes.append(f"{name} has no value anywhere: it is compared with nobody.")
        elif missing:
            notes.append(f"{name} has no value in {', '.join(missing)}: it is compared by the runs that it has one in.")
    met = ~np.isnan(found.means)
    partly = int((~met.all(axis=0)).sum())
    if partly:
        have = "have a mark" if found.metric == "judge" else "have a value"
        notes.append(f"Only some models {have} at {partly} of the {number} tasks: pairs are compared where both do.")
    if found.left_out:
        changed = sum(item.why.startswith("changed") for item in found.left_out)
        notes.append(
            f"{plural(len(found.left_out), 'task is', 'tasks are')} left out: {changed} changed between the runs, "
            f"{len(found.left_out) - changed} not graded in all of them."
        )
    notes += equal_runs(each)
    if sum(wins.undecided):
        notes.append(
            f"{plural(sum(wins.undecided), 'win')} could not be decided: a model has no graded attempt there, "
            "or a judge's verdict is missing."
        )
    if found.metric == "judge" and any(task in table.code for table in tables for task in found.tasks):
        notes.append("Judges mark what passed only, so each pair is compared over tasks at which both were marked.")
    return notes


__all__ = ["compare", "facts", "standings"]
