"""Noise of wins: the published figures, scipy as oracle, simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from harness.stats.noise import (
    homogeneity,
    most_wins_at_least,
    prompts_needed,
    rerun_variance,
    shared_wins_sd,
    wins_sd,
)

THREE_RUNS = [
    [8, 6, 6], [4, 4, 6], [4, 5, 6], [4, 4, 4], [2, 4, 1], [5, 2, 3],
    [0, 2, 2], [1, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0],
]  # fmt: skip
"""Wins of eleven models in three runs of 28 prompts."""


def test_published_numbers() -> None:
    assert wins_sd(28, 11) == pytest.approx(1.5212, abs=5e-5)
    assert wins_sd(100, 11) == pytest.approx(2.8748, abs=5e-5)
    scaled = [wins_sd(tests, 11, scaled_to=28) for tests in (28, 100, 250)]
    assert scaled == pytest.approx([1.5212, 0.8049, 0.5091], abs=5e-5)
    assert prompts_needed(0.5, 11, scale=28) == 260
    assert most_wins_at_least(5, 28, 11) == pytest.approx(0.8054, abs=5e-5)
    found = homogeneity(THREE_RUNS)
    assert found is not None
    assert found.chi2 == pytest.approx(7.7714, abs=5e-5)
    assert (found.df, found.models) == (14, 8)
    assert found.p == pytest.approx(0.901, abs=5e-4)


def test_homogeneity_is_pearsons_test() -> None:
    rng = np.random.default_rng(5)
    table = rng.integers(1, 20, size=(5, 4))
    found = homogeneity(table.tolist())
    wanted = chi2_contingency(table, correction=False)
    assert found is not None
    assert found.chi2 == pytest.approx(wanted.statistic)
    assert found.p == pytest.approx(wanted.pvalue)
    assert found.df == wanted.dof


@pytest.mark.parametrize("wins", [[], [[1]], [[0, 0], [0, 0]], [[3, 4]], [[3, 0], [4, 0]]])
def test_too_little_to_compare_is_no_test(wins: list[list[int]]) -> None:
    assert homogeneity(wins) is None


@pytest.mark.parametrize(
    ("least", "tests", "models"), [(1, 5, 3), (3, 5, 3), (5, 12, 4), (0, 4, 2), (6, 5, 3), (2, 5, 4)]
)
def test_the_luckiest_of_equal_models(least: int, tests: int, models: int) -> None:
    rng = np.random.default_rng(9)
    drawn = rng.multinomial(tests, [1 / models] * models, size=40_000).max(axis=1)
    assert most_wins_at_least(least, tests, models) == pytest.approx(np.mean(drawn >= least), abs=0.01)


def test_rerun_variance_is_unbiased() -> None:
    rng = np.random.default_rng(2)
    shares = rng.uniform(0, 1, 40)
    true = float(np.sum(shares * (1 - shares)))
    estimates = [rerun_variance(rng.binomial(3, shares), 3) for _ in range(2000)]
    assert np.mean(estimates) == pytest.approx(true, rel=0.02)
    assert rerun_variance([3, 0, 3], 3) == 0.0
    with pytest.raises(ValueError, match="two repeats"):
        rerun_variance([1, 0], 1)


def test_senseless_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="tests >= 1"):
        wins_sd(0, 3)
    with pytest.raises(ValueError, match="tests >= 1"):
        shared_wins_sd(np.zeros((3, 0)), 3)
    with pytest.raises(ValueError, match="greater than 0"):
        prompts_needed(0, 3, scale=28)


def test_wins_of_nobody_and_of_several() -> None:
    one_each = np.eye(4)[:, np.arange(12) % 4]
    assert shared_wins_sd(one_each, 4) == pytest.approx(wins_sd(12, 4))
    # Shared by all tells nobody from another, and neither does a test without a winner.
    assert shared_wins_sd(np.full((4, 12), 0.25), 4) == pytest.approx(0)
    # Drawn: a test is one of these, models dealt out anew.
    won = np.zeros((4, 10))
    won[0, :3] = 1
    won[:2, 3:5] = 0.5
    won[:, 5] = 0.25
    rng = np.random.default_rng(4)
    tests = rng.integers(0, 10, (20_000, 10))
    who = rng.integers(0, 4, (20_000, 10))
    assert won[who, tests].sum(axis=1).std() == pytest.approx(shared_wins_sd(won, 4), rel=0.03)
