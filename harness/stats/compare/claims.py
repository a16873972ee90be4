"""What the first run alone would have said, and in how many of the others it is still true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod

import numpy as np

from harness.stats.compare.categories import Within, leaders, of_category
from harness.stats.compare.chances import alone_ahead, comparable, one_ahead
from harness.stats.compare.grids import Floats, Grid, nanmean, takes_part
from harness.stats.compare.pairs import Standing, index_pairs, p_of
from harness.stats.compare.pairs import differences as all_differences
from harness.stats.compare.results import Claim, TopTier
from harness.stats.paired import holm
from harness.stats.tiers import Pair, rank_sets

TIER_DRAWS = 4000
_SAME = 1e-9


def top_tiers(grid: Grid, *, alpha: float, seed: int = 0) -> tuple[TopTier, ...]:
    """Of each run by itself: the models that none is significantly better than."""
    return tuple(_top_tier(grid, unit, alpha, seed) for unit in range(len(grid.units)))


def claims(
    grid: Grid, found: Standing, cells: Within, tiers: Sequence[TopTier], *, alpha: float, seed: int = 0
) -> tuple[Claim, ...]:
    """Tier by tier, category by category, pair by pair; empty with fewer than two runs."""
    if len(grid.units) < 2 or len(grid.models) < 2:
        return ()
    of_categories, of_order = _of_categories(grid, cells, alpha, seed), _of_order(grid, found, seed)
    nothing = (*_of_nothing(grid, found), *_of_nothing_in_category(grid, cells, alpha))
    return (*_of_tier(grid, found, tiers), *of_categories, *nothing, *of_order)


def _top_tier(grid: Grid, unit: int, alpha: float, seed: int) -> TopTier:
    values = grid.values[unit]
    there = [m for m in range(len(grid.models)) if not np.isnan(values[m]).all()]
    pairs = index_pairs(len(there))
    rows = all_differences(values[there], pairs)
    own = [(there[i], there[j]) for i, j in pairs]
    adjusted = holm([float(p) for p in p_of(grid, rows, own, unit=unit, draws=TIER_DRAWS, seed=seed)])
    means = nanmean(rows, 1)
    tested = [Pair(i, j, float(np.nan_to_num(means[k])), 0.0, adjusted[k]) for k, (i, j) in enumerate(pairs)]
    top = [there[m] for m, ranks in enumerate(rank_sets(len(there), tested, alpha=alpha)) if ranks.best == 1]
    weighed = values * grid.there[unit][:, None]
    total = float(np.nansum(weighed))
    share = float(np.nansum(weighed[top])) / total if total > _SAME else None
    return TopTier(run=grid.units[unit], models=tuple(grid.models[m] for m in top), share=share)


def _of_tier(grid: Grid, found: Standing, tiers: Sequence[TopTier]) -> Iterator[Claim]:
    first, others = set(tiers[0].models), tiers[1:]
    # A model that has no value there is not below anybody.
    if len(first) == int(takes_part(grid.values)[0].sum()):
        return
    held = sum(set(tier.models) == first for tier in others)
    pooled = {name for name, ranks in zip(grid.models, found.ranks, strict=True) if ranks.best == 1}
    names = sorted(first)
    yield _claim("top_tier", f"top tier: {', '.join(names)}", names, "", held, len(others), None, pooled == first)
    for name in names:
        held = sum(name in tier.models for tier in others)
        yield _claim("in_top_tier", f"{name} is in the top tier", [name], "", held, len(others), None, name in pooled)


def _of_categories(grid: Grid, cells: Within, alpha: float, seed: int) -> Iterator[Claim]:
    for c, name in enumerate(cells.names):
        units = grid.only(of_category(grid, name)).values
        best = leaders(units[0])
        if len(best) != 1:
            continue
        (m,) = best
        said = [unit for unit in units[1:] if not np.isnan(unit[m]).all()]
        held = sum(leaders(unit) == [m] for unit in said)
        beaten = [
            cells.adjusted[c, k] <= alpha and _ahead(cells.rows[c][k], i == m) > _SAME
            for k, (i, j) in enumerate(cells.pairs)
            if m in (i, j)
        ]
        # Of groups, a large one leads more rarely by its mean than its share, which is no plain number.
        chance = (
            None
            if grid.together
            else _product(alone_ahead(unit, seed=seed) if comparable(unit)[m] else None for unit in said)
        )
        text = f"{grid.models[m]} is the best in {name}"
        yield _claim("best_in_category", text, [grid.models[m]], name, held, len(said), chance, all(beaten))


def _of_nothing(grid: Grid, found: Standing) -> Iterator[Claim]:
    """Models that have nothing at all: a floor, which looks like stability and is none."""
    totals = np.nansum(grid.values, axis=2)
    there = takes_part(grid.values)
    for m, name in enumerate(grid.models):
        if not there[0, m] or totals[0, m] > _SAME:
            continue
        said = np.flatnonzero(there[1:, m]) + 1
        held = int((totals[said, m] <= _SAME).sum())
        chance = None
        if grid.metric == "wins" and len(said):
            # A test that nobody won was no occasion.
            share = grid.there[said, m] / grid.there[said].sum(axis=1)
            chance = float(np.prod((1 - share) ** grid.won[said]))
        verb = "wins nothing" if grid.metric == "wins" else "gets nothing"
        borne = found.ranks[m].best > 1 and float(totals[:, m].sum()) <= _SAME
        yield _claim("nothing", f"{name} {verb}", [name], "", held, len(said), chance, borne)


def _of_nothing_in_category(grid: Grid, cells: Within, alpha: float) -> Iterator[Claim]:
    """Groups that have nothing in a category, though not nothing at all: "no local model ever wins there".

    By chance: if they won in each category as often as over all tasks.
    """
    for c, name in enumerate(cells.names):
        part = grid.only(of_category(grid, name))
        totals, there = np.nansum(part.values, axis=2), takes_part(part.values)
        for m, group in enumerate(grid.models):
            named = bool(grid.together) and grid.together[m] != (group,)
            if not named or not there[0, m] or totals[0, m] > _SAME or not np.nansum(grid.values[:, m]) > _SAME:
                continue
            said = np.flatnonzero(there[1:, m]) + 1
            # A group that is weaker everywhere wins less here, too: the question is whether the category is special.
            won = float(nanmean(grid.values[:, m].reshape(1, -1), 1)[0] * grid.sizes[m])
            chance = (1 - won) ** (len(part.tasks) * len(said)) if grid.metric == "wins" and len(said) else None
            behind = float(totals[:, m].sum()) <= _SAME and any(
                cells.adjusted[c, k] <= alpha and _ahead(cells.rows[c][k], i == m) < -_SAME
                for k, (i, j) in enumerate(cells.pairs)
                if m in (i, j)
            )
            text = f"{group} {'wins' if grid.metric == 'wins' else 'gets'} nothing in {name}"
            held = int((totals[said, m] <= _SAME).sum())
            yield _claim("nothing_in_category", text, [group], name, held, len(said), chance, behind)


def _of_order(grid: Grid, found: Standing, seed: int) -> Iterator[Claim]:
    ahead = [None if grid.together else one_ahead(unit, seed=seed) for unit in grid.values]
    dealt = [comparable(unit) for unit in grid.values]
    for pair, (i, j) in zip(found.pairs, index_pairs(len(grid.models)), strict=True):
        moves = [_mean_difference(unit, i, j) for unit in grid.values]
        first, said = moves[0], [move for move in moves[1:] if move is not None]
        chance = _product(
            ahead[unit] if dealt[unit][i] and dealt[unit][j] else None
            for unit, move in enumerate(moves)
            if unit and move is not None
        )
        if first is None or abs(first) <= _SAME:
            continue
        up = first > 0
        better, worse = (i, j) if up else (j, i)
        held = sum((move > _SAME) if up else (move < -_SAME) for move in said)
        value = pair.difference.value or 0.0
        names = [grid.models[better], grid.models[worse]]
        text = f"{names[0]} before {names[1]}"
        supported = pair.significant and (value > 0) == up
        yield _claim("before", text, names, "", held, len(said), chance, supported)


def _product(chances: Iterable[float | None]) -> float | None:
    """Of independent runs; None without any, or where one is not known."""
    known = list(chances)
    return prod(chance for chance in known if chance is not None) if known and None not in known else None


def _mean_difference(unit: Floats, i: int, j: int) -> float | None:
    row = unit[i] - unit[j]
    row = row[~np.isnan(row)]
    return float(row.mean()) if row.size else None


def _ahead(row: Floats, first: bool) -> float:
    """The mean difference of a pair, as the first or the second sees it."""
    mean = float(nanmean(row[None], 1)[0])
    return mean if first else -mean


def _claim(
    kind: str,
    text: str,
    models: Sequence[str],
    category: str,
    held: int,
    of: int,
    by_chance: float | None,
    supported: bool,
) -> Claim:
    return Claim(
        kind=kind,
        text=text,
        models=tuple(models),
        category=category,
        held=held,
        of=of,
        by_chance=by_chance,
        supported=supported,
        survived=of > 0 and held == of,
    )
