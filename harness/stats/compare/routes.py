"""Which model for which category: only what the data support, and otherwise the cheapest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from harness.stats.compare.build import facts
from harness.stats.compare.categories import Within, of_category, within
from harness.stats.compare.grids import Floats, Grid, Incomparable, grid, nanmean
from harness.stats.compare.missing import ENOUGH, shares_answered, shares_known
from harness.stats.compare.pairs import DRAWS, results
from harness.stats.compare.results import PairResult
from harness.stats.compare.tables import Metric, RunTable, Ties
from harness.stats.numbers import UNDERPOWERED
from harness.stats.tiers import ALPHA
from harness.types.routes import Basis, Evidence, Route, RoutingTable
from harness.words import plural

NO_EVIDENCE = "no evidence: cheapest"
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class _Field:
    """The models over some tasks: who beats whom after correction."""

    grid: Grid
    worse: NDArray[np.bool_]
    """Shape (models, models): whether the row's model is significantly worse than the column's."""
    means: Floats
    met: NDArray[np.bool_]
    """(models,) whether a model has a value at enough of the tasks, and of its attempts at them, to be chosen."""
    lacking: dict[str, float]
    """Model -> share of its attempts with a verdict, where that is less than `ENOUGH`."""
    failing: frozenset[str]
    """Those of them that lack it by failures, not by attempts that await a judge."""
    adjusted: dict[tuple[int, int], float]
    parts: tuple[_Field, _Field] | None = None
    """The category's own tasks and all of them, where these decide about the pairs that those do not separate."""

    @property
    def top(self) -> list[int]:
        """Those that are significantly worse than none of the others."""
        return self.best_of(range(len(self.met)))

    def best_of(self, models: Iterable[int]) -> list[int]:
        """Those of some that can be chosen, and are significantly worse than none of these."""
        among = [m for m in models if self.met[m]]
        return [m for m in among if not any(self.worse[m, other] for other in among)]

    def beside(self, general: _Field) -> _Field:
        """A category with all tasks beside it; as it is where the two together run in a circle."""
        worse = self.worse | (general.worse & ~self.worse.T)
        return self if _circular(worse) else replace(self, worse=worse, parts=(self, general))


def route(
    tables: Sequence[RunTable],
    metric: Metric = "pass",
    *,
    prices: Mapping[str, float] | None = None,
    prefer_cheap: bool = True,
    ties: Ties = "share",
    models: Sequence[str] = (),
    unroutable: Collection[str] = (),
    alpha: float = ALPHA,
    draws: int = DRAWS,
    seed: int = 0,
) -> RoutingTable:
    """A routing table for the categories of the runs' common tasks.

    A category's own tasks decide where they separate models after Holm over all pairs in all categories and overall,
    and all tasks together about the pairs that they do not separate; where they separate nobody, all tasks together;
    where these do not either, the price. Fewer than `UNDERPOWERED` tasks that both models of a pair met decide nothing,
    need no correction, and who met fewer is not chosen on them. `prices`: dollars an attempt
    where known better than from the attempts (0 for local models); a model without a known price counts as dearest.
    A model is not chosen where less than `ENOUGH` of its attempts have a verdict: what is left of it is no sample.
    `prefer_cheap`: of models that are not told apart the cheapest is taken, else the one with the greatest mean.
    `unroutable`: who cannot be asked anything new, and is compared with nobody unless `models` names it. Raises
    Incomparable.
    """
    found = grid(tables, metric, ties=ties, models=models or _routable(tables, metric, unroutable))
    tested = within(found, alpha=alpha, least=UNDERPOWERED, overall=True, draws=draws, seed=seed)
    cost = _costs(tables, found.models, prices or {})
    left = {name for table in tables for name in table.models if not models or name in models} - set(unroutable)
    asked = tuple(sorted(left | set(found.models)))
    whole = _field(found, tested, tested.overall, alpha, _known(tables, found, asked, metric, ""))
    choose = _Chooser(cost, prefer_cheap, alpha)
    general = choose.route(whole, "overall", "")
    routes = {}
    for c, name in enumerate(tested.names):
        own = found.only(of_category(found, name))
        number = len(own.tasks)
        field = _field(own, tested, tested.adjusted[c], alpha, _known(tables, own, asked, metric, name))
        if field.worse.any():  # over at least `UNDERPOWERED` tasks, see `_field`
            routes[name] = choose.route(field.beside(whole), "category", "")
        else:
            weak = f"separate no two {'others' if field.lacking else 'models'}"
            weak = "underpowered" if number < UNDERPOWERED else weak
            note = f"{plural(number, 'task')} of this category: {weak}"
            routes[name] = choose.route(whole, "overall", note)
    return RoutingTable(
        metric=metric,
        alpha=alpha,
        runs=tuple(table.name for table in tables),
        models=found.models,
        default=general,
        routes=routes,
    )


def _routable(tables: Sequence[RunTable], metric: Metric, unroutable: Collection[str]) -> tuple[str, ...]:
    """The models with a graded attempt, without `unroutable`; nobody where no attempt is graded."""
    graded = {model for table in tables for model, _, _ in table.met(metric)}
    if graded and graded <= set(unroutable):
        raise Incomparable(
            f"these runs have no model that can be asked, only {', '.join(sorted(graded))}",
            "run the tasks with a model of the catalogue: `harness models`",
        )
    return tuple(sorted(graded - set(unroutable)))


@dataclass(frozen=True, slots=True)
class _Chooser:
    cost: Mapping[str, tuple[float, float]]
    cheap: bool
    alpha: float

    def route(self, field: _Field, basis: Basis, note: str) -> Route:
        """`note`: why these are not the category's own tasks."""
        if not field.worse.any():
            return self._cheapest(field, note)
        names = field.grid.models
        everyone = [m for m in range(len(names)) if field.met[m]]
        top = field.top
        if not top:
            # Pairs that met different tasks may run in a circle.
            why = "each is worse than another on the tasks both met"
            return self._cheapest(field, f"{note}; {why}" if note else why)
        first = self._pick(field, top)
        others = [m for m in everyone if m != first]
        rest = [m for m in top if m != first] or field.best_of(others) or others
        alike = tuple(names[m] for m in everyone if m != first and not (field.worse[m, first] or field.worse[first, m]))
        reason = "best"
        # Chosen among those that are worse than nobody; others may not be told from it, and still be worse than these.
        if among := [names[m] for m in top if m != first]:
            reason = f"not told apart from {', '.join(among)}: {'cheapest' if self.cheap else 'greatest mean'}"
        if field.parts and (worse := [names[m] for m in field.parts[0].top if m not in top]):
            reason = f"{reason}; worse over all tasks: {', '.join(worse)}"
        return Route(
            primary=names[first],
            fallback=names[self._pick(field, rest)],
            basis=basis,
            reason=_told(f"{reason} ({note}: all tasks decide)" if note else reason, field),
            not_told_apart=alike,
            evidence=self._evidence(field, first, note),
        )

    def _cheapest(self, field: _Field, note: str) -> Route:
        ordered = sorted(field.grid.models, key=lambda name: (name in field.failing, self.cost[name], name))
        # Who mostly failed helps nobody whose first choice has failed. Whose replies await a judge may be the best.
        fallback = next((name for name in ordered[1:] if name not in field.failing), None)
        if self.cost[ordered[0]] == (inf, inf) and len(ordered) > 1:
            unknown = "price and time are unknown: first by name"
            note = f"{note}; {unknown}" if note else unknown
        return Route(
            primary=ordered[0],
            fallback=fallback,
            basis="none",
            reason=_told(f"{NO_EVIDENCE} ({note})" if note else NO_EVIDENCE, field),
            not_told_apart=tuple(sorted(ordered[1:])),
        )

    def _pick(self, field: _Field, among: list[int]) -> int:
        names = field.grid.models
        if self.cheap:
            return min(among, key=lambda m: (self.cost[names[m]], -field.means[m], names[m]))
        return min(among, key=lambda m: (-field.means[m], self.cost[names[m]], names[m]))

    def _evidence(self, field: _Field, first: int, note: str) -> Evidence:
        """Against the closest of those that the chosen model is significantly better than."""
        if field.parts:
            own, general = field.parts
            if not own.worse[:, first].any() and general.worse[:, first].any():
                return self._evidence(general, first, "over all tasks")
            field = own
        beaten = [m for m in range(len(field.grid.models)) if field.worse[m, first]]
        if not beaten:
            # It is cheap and in the top set, without having beaten anybody itself.
            return Evidence(n=len(field.grid.tasks), note="it is itself not told apart from any model")
        closest = min(beaten, key=lambda m: (-field.means[m], field.grid.models[m]))
        pair = _pair(field.grid, first, closest, self.alpha)
        return Evidence(
            n=pair.difference.n, against=pair.second, difference=_round(pair.difference.value),
            low=_round(pair.difference.low), high=_round(pair.difference.high),
            adjusted_p=_round(field.adjusted[min(first, closest), max(first, closest)]),
            runs_agree=pair.runs_agree, runs=pair.runs, note=note,
        )  # fmt: skip


def _circular(worse: NDArray[np.bool_]) -> bool:
    """Whether anybody is worse than itself, going from one to the next."""
    reached = worse
    for _ in range(len(worse).bit_length()):
        reached = reached | (reached.astype(np.float32) @ reached.astype(np.float32) > 0)
    return bool(reached.diagonal().any())


def _pair(found: Grid, first: int, second: int, alpha: float) -> PairResult:
    return results(found, [(first, second)], alpha=alpha, draws=1)[0]


def _told(reason: str, field: _Field) -> str:
    """The reason, and who cannot be chosen since too little of it is known."""
    if not field.lacking:
        return reason
    parts = [f"{name} {share:.0%}" for name, share in sorted(field.lacking.items())]
    what = "answers with a mark of judges" if field.grid.metric == "judge" else "attempts with a verdict"
    told = f"{reason}; left out, by the share of {what}: {', '.join(parts)}"
    waits = field.lacking.keys() - field.failing
    return (
        f"{told} (the rest awaits a judge: `--mode rubric` asks about each, `--metric judge` needs no more)"
        if waits
        else told
    )


def _known(
    tables: Sequence[RunTable], found: Grid, asked: Sequence[str], metric: Metric, category: str
) -> tuple[dict[str, float], frozenset[str]]:
    """Share of attempts with a verdict (`judge`: a mark), of whom that is not enough; and those of whom failures alone
    are too many, where marks count all of them.

    Of all that were `asked`, so that who has none at all is not passed over in silence; and over the tasks that nobody
    has a verdict on, too, which are in no comparison. `category`: empty for all.
    """
    tried = {task for table in tables for task, name in table.categories.items() if not category or name == category}
    tasks = frozenset(found.tasks) | (tried - {task for table in tables for _, task, _ in table.met(metric)})
    shares = shares_known(tables, tasks, metric)
    lacking = {name: shares[name] for name in asked if shares.get(name, 1.0) < ENOUGH}
    if metric == "judge":
        return lacking, frozenset(lacking)
    answered = shares_answered(tables, tasks) if lacking else {}
    return lacking, frozenset(name for name in lacking if answered.get(name, 1.0) < ENOUGH)


def _field(
    found: Grid, tested: Within, adjusted: Floats, alpha: float, known_of: tuple[dict[str, float], frozenset[str]]
) -> _Field:
    lacking, failing = known_of
    number = len(found.models)
    known = ~np.isnan(found.means)
    worse = np.zeros((number, number), dtype=bool)
    table = {}
    for k, (i, j) in enumerate(tested.pairs):
        table[i, j] = float(adjusted[k])
        difference = found.means[i] - found.means[j]
        move = float(nanmean(difference[None], 1)[0]) if not np.isnan(difference).all() else 0.0
        enough = int((known[i] & known[j]).sum()) >= UNDERPOWERED
        # What is left of a model that mostly failed is no sample of it: it beats nobody, and nobody it.
        enough = enough and not {found.models[i], found.models[j]} & lacking.keys()
        if enough and adjusted[k] <= alpha and abs(move) > _SAME:
            worse[(j, i) if move > 0 else (i, j)] = True
    met = (known.sum(axis=1) >= UNDERPOWERED) & np.array([name not in lacking for name in found.models])
    return _Field(found, worse, np.nan_to_num(nanmean(found.means, 1), nan=-inf), met, lacking, failing, table)


def _costs(
    tables: Sequence[RunTable], names: Sequence[str], prices: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Model -> (dollars, seconds) an attempt: cheap is first what costs no money, then what takes no time."""
    known = {item.model: item for item in facts(tables, names)}
    made = {}
    for name in names:
        dollars = prices.get(name, known[name].cost_usd)
        seconds = known[name].seconds
        made[name] = (inf if dollars is None else dollars, inf if seconds is None else seconds)
    return made


def _round(value: float | None) -> float | None:
    """Six digits that count: the table is read by people, too."""
    return None if value is None else float(f"{value:.6g}")
