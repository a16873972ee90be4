"""What equal runs do not say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from harness.stats.compare import RunTable, compare
from harness.stats.compare.equal_runs import equal_by_chance
from tests.stats.compare.made import runs


def tables(*rows: dict[str, list[float]]) -> list[RunTable]:
    """Runs as model -> points (0 or 1) of each task."""
    return [
        RunTable.from_points(f"r{n}", {m: {f"t{t}": [v] for t, v in enumerate(values)} for m, values in run.items()})
        for n, run in enumerate(rows, 1)
    ]


def test_the_sum_is_what_draws_do() -> None:
    assert equal_by_chance(0.0, 28, 3) == equal_by_chance(1.0, 28, 3) == equal_by_chance(0.5, 0, 3) == 1.0
    assert equal_by_chance(0.5, 1, 2) == 0.5
    drawn = np.random.default_rng(1).binomial(28, 4 / 28, size=(200_000, 3))
    assert equal_by_chance(4 / 28, 28, 3) == pytest.approx(np.mean(np.ptp(drawn, axis=1) == 0), abs=0.002)


def test_a_line_for_each_thing_they_do_not_say() -> None:
    first = {"a": [1.0, 1, 0, 0], "b": [0.0, 0, 1, 1], "c": [0.0] * 4}
    second = {"a": [0.0, 1, 1, 0], "b": [1.0, 0, 0, 0], "c": [0.0] * 4}
    third = {"a": [1.0, 0, 0, 1], "b": [0.0, 1, 1, 0], "c": [0.0] * 4}
    notes = "\n".join(compare(tables(first, second, third), "wins").notes)
    assert "The same in all 3 runs: a. That leaves up to 63% of further runs to differ." in notes
    chance = equal_by_chance(0.5, 4, 3)
    assert f"a: 2 wins in each run. Runs that draw anew are as equal with probability {chance:.3f}" in notes
    assert "No win in 3 runs of 4 tasks: c. The same tasks again are no new tasks: up to 60.2% of such tasks" in notes


def test_nothing_where_nothing_is_equal() -> None:
    one, two = {"a": [1.0, 1], "b": [0.0, 0]}, {"a": [1.0, 0], "b": [0.0, 1]}
    for found in (compare(tables(one, two), "score"), compare(tables(one), "score")):
        assert not any("The same in all" in note or "No win" in note for note in found.notes)


def test_thousands_of_tests_are_no_overflow() -> None:
    assert equal_by_chance(0.3, 1500, 3) == pytest.approx(float(np.sum(binom.pmf(np.arange(1501), 1500, 0.3) ** 3)))
    assert equal_by_chance(0.0, 5000, 3) == equal_by_chance(1.0, 5000, 3) == 1
    compare(runs([{"a": [1.0] * 1100, "b": [0.0] * 1100}] * 2), "wins")
