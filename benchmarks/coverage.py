"""Do the intervals keep their promise? Every kind of them against populations whose truth is known.

    python benchmarks/coverage.py [--runs 2000] [--seed 0] [--write]

Nominal level 95%. Single rates are computed exactly, for every n from 3 to 300 and rates from .02 to .98; everything
else is simulated with the functions that reports use: means over tasks, paired differences, curves of best-of-N, and
how often two of several equal models are told apart. Printed are the shares of intervals that hold the truth, on
average and in the worst population; with `--write` they go to RESULTS.md.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from results import load, machine, table, write
from scipy.stats import binom

from harness.stats.bestofn import Draw, Sample, best_of_n
from harness.stats.compare.grids import Grid
from harness.stats.compare.pairs import standing
from harness.stats.compare.spread import across
from harness.stats.intervals import clopper_pearson, over_tasks, rate, wilson
from harness.stats.paired import paired_difference
from harness.stats.score import Interval, Score
from harness.stats.tiers import ALPHA

Floats = NDArray[np.float64]
TRIALS = (3, 4, 5, 6, 7, 8, 10, 15, 20, 30, 50, 100, 200, 300)
"""The n whose exact coverage is printed; the bounds over all n are printed below."""
TASKS = (8, 12, 24, 50, 100)
ATTEMPTS = 5
POPULATIONS = ((1, 1), (0.5, 0.5), (0.2, 0.2), (5, 5), (50, 50), (0.1, 0.9), (9, 1), (0.9, 0.1), (0.3, 9))
"""Beta distributions that the pass rates of tasks are drawn from: from all alike to all or nothing."""
DIFFICULTIES = tuple(itertools.product((0.0, 2.0, -2.0), (0.5, 2.0, 6.0), (0.0, 0.5, 1.5)))
"""(mean, spread, advantage of the better model) of tasks, in logits."""

MARKS = tuple(itertools.product((3, 45, 1000), (0.02, 0.2, 0.6), (0.0, 0.05, 0.3)))
"""(steps of the scale 0..1: a rubric's, the mean's of five dimensions, hardly any; spread of a judge's marks of one
quality; advantage of the better model)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="simulated runs of each population and size")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="replace the part `coverage` of RESULTS.md")
    options = parser.parse_args()
    before, rng = load(), np.random.default_rng(options.seed)
    parts = [
        rates(),
        *(
            sized(f"{title}, {told} each", partial(simulate, attempts=attempts), rng, options.runs)
            for title, simulate in (("Means over tasks", means_over_tasks), ("Paired differences", differences))
            for told, attempts in (("one attempt", 1), ("five attempts", ATTEMPTS))
        ),
        sized("Paired differences of marks", marks, rng, options.runs),
        sized("Paired differences of marks, one task in 25 falls by half the scale", failures, rng, options.runs),
        sized("Curves of best-of-5: selected and oracle at k = 1, 3, 5", curves, rng, max(50, options.runs // 10)),
        reruns(rng, options.runs),
        equal_models(rng, max(50, options.runs // 5)),
    ]
    text = "\n\n".join([machine(before), *parts])
    print(text)
    if options.write:
        write("coverage", text)


def rates() -> str:
    """Exact coverage of one rate: sum over the hits of their probability, where the interval holds the rate."""
    grid = np.linspace(0.02, 0.98, 961)
    kinds: dict[str, Callable[[int, int], Interval]] = {
        "reported": rate, "Wilson": wilson, "Clopper-Pearson": clopper_pearson,
    }  # fmt: skip
    rows, worst, averages = [], dict.fromkeys(kinds, 1.0), {name: [1.0, 0.0] for name in kinds}
    for n in range(3, 301):
        row = [str(n)]
        for name, kind in kinds.items():
            found = _exact(n, grid, kind)
            average, least = float(found.mean()), float(found.min())
            worst[name] = min(worst[name], least)
            averages[name] = [min(averages[name][0], average), max(averages[name][1], average)]
            row.append(f"{100 * average:.1f} / {100 * least:.1f}")
        if n in TRIALS:
            rows.append(row)
    rows.append(
        ["3..300", *(f"{100 * a:.1f}–{100 * b:.1f} / {100 * worst[name]:.1f}" for name, (a, b) in averages.items())]
    )
    head = ["trials", *kinds]
    return "**A single rate**, computed exactly for rates from .02 to .98: average / worst rate.\n\n" + table(
        head, rows
    )


def _exact(n: int, grid: Floats, kind: Callable[[int, int], Interval]) -> Floats:
    covered = np.zeros(grid.size)
    for hits in range(n + 1):
        found = kind(hits, n)
        assert found.low is not None
        assert found.high is not None
        inside = (grid >= found.low - 1e-12) & (grid <= found.high + 1e-12)
        covered[inside] += binom.pmf(hits, n, grid[inside])
    return covered


Simulation = Callable[[np.random.Generator, int, int], Iterator[float]]
"""(random numbers, tasks, runs) -> the coverage in each population."""


def sized(title: str, simulate: Simulation, rng: np.random.Generator, runs: int) -> str:
    """A table of a simulation: a row for each number of tasks."""
    rows = []
    for tasks in TASKS:
        found = list(simulate(rng, tasks, runs))
        rows.append([tasks, f"{100 * np.mean(found):.1f}", f"{100 * min(found):.1f}", f"{100 * max(found):.1f}"])
    told = f"**{title}**, {runs:,} runs of each population."
    return f"{told}\n\n" + table(["tasks", "average", "worst population", "widest"], rows)


def means_over_tasks(rng: np.random.Generator, tasks: int, runs: int, *, attempts: int) -> Iterator[float]:
    """Attempts of one model at tasks whose pass rates are drawn from each population."""
    for a, b in POPULATIONS:
        drawn = rng.binomial(attempts, rng.beta(a, b, (runs, tasks))) / attempts
        counts = [attempts] * tasks
        yield float(np.mean([_holds(over_tasks(row, counts), a / (a + b)) for row in drawn]))


def differences(rng: np.random.Generator, tasks: int, runs: int, *, attempts: int) -> Iterator[float]:
    """Two models at the same tasks, of which one is better by a constant in logits, or is not."""
    for middle, spread, better in DIFFICULTIES:
        many = rng.normal(middle, spread, 400_000)
        truth = float(np.mean(_logistic(many + better) - _logistic(many)))
        hard = rng.normal(middle, spread, (runs, tasks))
        one = rng.binomial(attempts, _logistic(hard + better)) / attempts
        two = rng.binomial(attempts, _logistic(hard)) / attempts
        pairs = zip(one, two, strict=True)
        yield float(np.mean([_holds(paired_difference(x, y, attempts=attempts), truth) for x, y in pairs]))


def marks(rng: np.random.Generator, tasks: int, runs: int) -> Iterator[float]:
    """Two models' marks at the same tasks, which differ in how well they can be done, rounded to the scale."""
    for steps, spread, better in MARKS:

        def drawn(quality: Floats, steps: int = steps, spread: float = spread) -> Floats:
            return np.asarray(np.rint(np.clip(quality + rng.normal(0, spread, quality.shape), 0, 1) * steps) / steps)

        many = rng.normal(0.6, 0.25, 400_000)
        truth = float(np.mean(drawn(many + better) - drawn(many)))
        quality = rng.normal(0.6, 0.25, (runs, tasks))
        pairs = zip(drawn(quality + better), drawn(quality), strict=True)
        yield float(np.mean([_holds(paired_difference(x, y, graded=True), truth) for x, y in pairs]))


def failures(rng: np.random.Generator, tasks: int, runs: int) -> Iterator[float]:
    """Marks that hardly differ, but at a few tasks by half the scale: what no interval of few tasks can know of."""
    for spread in (0.02, 0.1):
        moves = rng.normal(0, spread, (runs, tasks)) - 0.5 * (rng.random((runs, tasks)) < 0.04)
        none = np.zeros(tasks)
        yield float(np.mean([_holds(paired_difference(row, none, graded=True), -0.5 * 0.04) for row in moves]))


def curves(rng: np.random.Generator, tasks: int, runs: int) -> Iterator[float]:
    """Best of 5 where visible evidence is right about a candidate in four cases of five."""
    for a, b in POPULATIONS:
        many = rng.beta(a, b, 400_000)
        held: list[bool] = []
        truths = {k: float(np.mean(1 - (1 - many) ** k)) for k in (1, 3, 5)}
        for _ in range(runs):
            passed = rng.random((tasks, ATTEMPTS)) < rng.beta(a, b, tasks)[:, None]
            seen = np.where(rng.random(passed.shape) < 0.8, passed, ~passed)
            draws = {str(i): [_draw(passed[i], seen[i])] for i in range(tasks)}
            points = {point.k: point for point in best_of_n(draws, lambda sample: sample.passed).curve}
            held += [_holds(points[k].oracle, truths[k]) for k in truths]
            held += [_holds(points[k].selected, _selected_truth(many, k)) for k in truths]
        yield float(np.mean(held))


def _draw(passed: NDArray[np.bool_], seen: NDArray[np.bool_]) -> Draw:
    pairs = zip(passed, seen, strict=True)
    samples = [Sample(passed=bool(ok), score=float(ok), visible=float(shown)) for ok, shown in pairs]
    return Draw(samples, max(samples, key=lambda sample: sample.visible or 0), "verifier")


def _selected_truth(rates_of_tasks: Floats, k: int) -> float:
    """Chance that the selected of k passes: with any that looks right, one of these; otherwise one that does not."""
    looks = 0.8 * rates_of_tasks + 0.2 * (1 - rates_of_tasks)
    none = (1 - looks) ** k
    right = np.divide(0.8 * rates_of_tasks, looks)
    missed = np.divide(0.2 * rates_of_tasks, 1 - looks)
    return float(np.mean((1 - none) * right + none * missed))


def reruns(rng: np.random.Generator, runs: int) -> str:
    """The interval for the mean of further runs of the same tasks, after three: of all, and of equal ones."""
    rows = []
    for (a, b), tasks in itertools.product(POPULATIONS, (1, 28)):
        held: list[bool] = []
        equal: list[bool] = []
        # Equal runs of many tasks are rare.
        for _ in range(runs * 5):
            chances = rng.beta(a, b, tasks)
            totals = (rng.random((3, tasks)) < chances).sum(axis=1)
            holds = _holds(across(totals.tolist(), tasks, tasks)[3], float(chances.sum()))
            held.append(holds)
            if np.ptp(totals) == 0:
                equal.append(holds)
        rows.append([f"Beta({a}, {b})", tasks, f"{100 * np.mean(held):.1f}", f"{100 * np.mean(equal):.1f}", len(equal)])
    head = ["tasks' chances", "tasks", "all", "three equal runs", "of these"]
    told = f"**The mean of further runs of the same tasks, after three**, {runs * 5:,} triples each."
    return f"{told}\n\n" + table(head, rows)


def equal_models(rng: np.random.Generator, runs: int) -> str:
    """How often any two of several equal models are told apart, by rank sets or by letters."""
    rows = []
    for models, tasks, attempts in itertools.product((2, 5, 8), (8, 28), (1, 3)):
        apart = 0
        for _ in range(runs):
            chances = rng.beta(0.5, 0.5, tasks)
            values = rng.binomial(attempts, chances, (models, tasks)) / attempts
            found = standing(_grid(values, attempts), alpha=ALPHA)
            apart += any(r != (1, models) for r in found.ranks) or len(set(found.letters)) > 1
        bound = clopper_pearson(apart, runs)
        rows.append([models, tasks, attempts, f"{100 * apart / runs:.1f}", f"{100 * (bound.high or 1):.1f}"])
    head = ["models", "tasks", "attempts", "runs with a false difference, %", "at most, %"]
    return f"**Equal models in different tiers**, {runs:,} runs each; nominal: at most 5%.\n\n" + table(head, rows)


def _grid(values: Floats, attempts: int) -> Grid:
    """One run of rates, shape (models, tasks), as `harness compare` has it."""
    models, tasks = (tuple(map(str, range(number))) for number in values.shape)
    return Grid(
        metric="pass", units=("run",), of_repeats=True, models=models, tasks=tasks, categories=("all",) * len(tasks),
        values=values[None], scale=np.ones(len(tasks)), left_out=(), observations=attempts, single=attempts == 1,
        graded=np.zeros(len(tasks), dtype=bool), undecided=(0,),
    )  # fmt: skip


def _holds(score: Score, truth: float) -> bool:
    return score.low is not None and score.high is not None and score.low - 1e-12 <= truth <= score.high + 1e-12


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


if __name__ == "__main__":
    main()
