"""Noise of reruns, power, planning, stability: worked by hand."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import t

from harness.stats.compare import compare
from harness.stats.compare.categories import detectable
from harness.stats.compare.planning import repeats_needed, tasks_needed
from harness.stats.compare.stability import judge
from harness.stats.noise import rerun_variance
from harness.stats.pathologies import Sampled
from tests.stats.compare.made import attempt, runs, table


def test_noise_of_a_rerun_is_that_of_its_tasks() -> None:
    # Passes of 3: 3, 0, 2, 1.
    scores = [{"a": [1, 0, 1, 0]}, {"a": [1, 0, 1, 0]}, {"a": [1, 0, 0, 1]}]
    found = compare(runs(scores), "points")
    assert found.spread[0].rerun_sd == pytest.approx(sqrt(rerun_variance([3, 0, 2, 1], 3)))
    assert found.spread[0].rerun_sd == pytest.approx(sqrt(1 / 3 + 1 / 3))
    # As a rate it is that of the mean of four tasks. Nobody's total moved, and yet a rerun can.
    rates = compare(runs(scores))
    assert rates.spread[0].rerun_sd == pytest.approx(sqrt(2 / 3) / 4)
    assert rates.spread[0].sd == 0


def test_prompt_noise_and_rerun_noise_are_two_things() -> None:
    # Everything is won the same way each time: no noise of reruns, that of prompts is there all the same.
    row = {"a": [1.0, 0.0] * 6, "b": [0.0, 1.0] * 6}
    noise = compare(runs([row] * 3), "wins").noise
    assert noise.rerun_sd == 0
    assert noise.observed_sd == 0
    assert noise.prompts_sd == pytest.approx(sqrt(12 * 0.25))


def test_tasks_needed_is_the_least_number() -> None:
    n = tasks_needed(0.4, 0.05)
    assert n is not None
    assert t.ppf(0.975, n - 1) * 0.4 / sqrt(n) <= 0.05 < t.ppf(0.975, n - 2) * 0.4 / sqrt(n - 1)
    assert tasks_needed(0.0, 0.05) is None


def test_repeats_needed() -> None:
    r = repeats_needed(0.0, 0.2, 20, 0.05, same_tasks=True)
    assert r is not None
    assert 1.96 * sqrt(0.2 / r / 20) <= 0.05 < 1.96 * sqrt(0.2 / (r - 1) / 20)
    # For new tasks it is Student's quantile, also where they do not seem to differ.
    new = repeats_needed(0.0, 0.2, 20, 0.05)
    assert new is not None
    assert 2.093 * sqrt(0.2 / new / 20) <= 0.05 < 2.093 * sqrt(0.2 / (new - 1) / 20)
    # Tasks differ by more than repeats can make up for.
    assert repeats_needed(0.1, 0.2, 20, 0.05) is None


def test_detectable_difference() -> None:
    assert detectable(0.5, 20) == pytest.approx((t.ppf(0.975, 19) + t.ppf(0.8, 19)) * 0.5 / sqrt(20))
    assert detectable(0.5, 1) is None
    assert detectable(0.9, 6) is None  # 128 percentage points are no difference there can be
    assert detectable(0.9, 6, 22) is not None
    # Better at each of five tasks is p = .0625: no difference at all would be found.
    assert detectable(0.1, 5) is None
    assert detectable(0.1, 6) is not None
    assert detectable(0.0, 20) is None


def test_planning_of_a_comparison() -> None:
    rng = np.random.default_rng(2)
    scores = [{m: (rng.random(30) < 0.5).astype(float).tolist() for m in "ab"} for _ in range(3)]
    plan = compare(runs(scores), target=0.1).planning
    assert plan.target == 0.1
    for need in plan.needs:
        assert need.half_width is not None
        assert need.tasks is not None
        assert (need.half_width <= 0.1) == (need.tasks <= 30)
    assert compare(runs(scores)).planning.target == 0.05
    wins = compare(runs([{f"m{i}": [float(i == 0)] * 28 for i in range(11)}]), "wins").planning
    assert wins.target == 0.5
    assert wins.win_tests == 260
    with pytest.raises(ValueError, match="greater than 0"):
        compare(runs(scores), target=0)


@pytest.mark.parametrize(
    ("scores", "hashes", "kind"),
    [
        ([22, 22, 22], "aaa", "identical"),
        ([22, 22, 22], "abc", "stable"),
        ([9, 9, 21], "aab", "bimodal"),
        ([4, 19, 16], "abc", "wild"),
        ([16, 16, 12], "abc", "stable"),
        ([17, 16, 17], "abc", "stable"),
        ([22, 14], "ab", "few"),
        ([8, 14, 14, 21, 22], "abcde", "wild"),
        ([0, 0, 22], "aab", "bimodal"),
        ([10, 13, 16, 16], "abcd", "varied"),
        ([22, 22, 22], "aa ", "stable"),
    ],
)
def test_kinds_of_stability(scores: list[int], hashes: str, kind: str) -> None:
    drawn = [Sampled(s / 22, h.strip(), i) for i, (s, h) in enumerate(zip(scores, hashes, strict=True))]
    assert judge("t", "m", drawn).kind == kind


def test_stability_reads_hashes_of_all_runs() -> None:
    rows = [attempt("m", "s/t", repeat=r, code="same") for r in range(2)]
    found = compare([table("x", rows), table("y", [attempt("m", "s/t", seed=77, code="same")])])
    (row,) = found.stability
    assert (row.samples, row.distinct, row.repeated, row.kind) == (3, 1, 2, "identical")
    assert found.facts[0].flags["identical_samples"] == 1
