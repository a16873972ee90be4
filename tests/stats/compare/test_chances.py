"""Chances of what was seen among equal models, beside every way to deal the values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.stats.compare.chances import alone_ahead, comparable, one_ahead
from harness.stats.compare.grids import Floats


def wins(models: int, tests: int) -> Floats:
    found = np.zeros((models, tests))
    found[0] = 1
    return found


def brute(values: Floats) -> tuple[float, float]:
    """(a given model alone ahead, a given one ahead of a given other) over all deals."""
    alone, ahead, every = 0, 0, 0
    for deal in itertools.product(*(itertools.permutations(column) for column in values.T)):
        totals = np.sum(deal, axis=0).round(9)
        alone += bool((totals[0] > totals[1:]).all())
        ahead += bool(totals[0] > totals[1])
        every += 1
    return alone / every, ahead / every


@pytest.mark.parametrize("tests, chance", [(2, 1 / 121), (3, 31 / 1331), (4, 0.040)])
def test_the_sole_first_of_eleven_in_a_few_tests(tests: int, chance: float) -> None:
    # Both of two tests; all or two of three.
    assert alone_ahead(wins(11, tests)) == pytest.approx(chance, rel=0.05)


def test_a_pair_among_eleven_models_in_28_tests() -> None:
    assert one_ahead(wins(11, 28)) == pytest.approx(0.41, abs=0.01)


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 0, 1, 1], [0, 0, 1, 0], [1, 0, 0, 0]],
        [[0.5, 0.25, 1], [0, 0.25, 1], [1, 0.75, 0.4]],
        [[0.5, 1, 0], [0.5, 0, 0], [0, 0, 1]],
    ],
)
def test_dealt_values_agree_with_every_deal(rows: list[list[float]]) -> None:
    values = np.array(rows, dtype=float)
    alone, ahead = brute(values)
    assert alone_ahead(values) == pytest.approx(alone, abs=0.01)
    assert one_ahead(values) == pytest.approx(ahead, abs=0.01)


def test_what_is_not_there_is_dealt_to_nobody() -> None:
    nan = float("nan")
    values = np.array([[1, 0, nan, 1], [0, 1, 1, 0], [nan, nan, nan, nan]])
    assert one_ahead(values) == pytest.approx(brute(values[:2][:, [0, 1, 3]])[1], abs=0.01)
    assert comparable(values).tolist() == [True, True, False]
    assert alone_ahead(values[:1]) is None
    assert one_ahead(np.array([[1, nan], [nan, 0]])) is None
    assert alone_ahead(np.ones((3, 4))) == pytest.approx(0, abs=0.001), "nobody is ahead where all are alike"


def test_who_met_few_tasks_leaves_the_chances_of_the_others_alone() -> None:
    values = (np.arange(96).reshape(4, 24) % 5 > 1).astype(float)
    alone = np.full((1, 24), np.nan)
    alone[0, 0] = 1.0
    both = np.concatenate((values, alone))
    assert one_ahead(both) == one_ahead(values)
    assert comparable(both).tolist() == [True] * 4 + [False]
    holes = values.copy()
    for model in range(4):
        holes[model, model::8] = np.nan
    assert one_ahead(holes) is None or comparable(holes).all()
