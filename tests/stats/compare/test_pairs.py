"""Pairs, tiers, and how often equal models are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.compare import RunTable, compare
from harness.stats.compare.pairs import least_p, sign_flips
from harness.stats.paired import EXACT_UP_TO, sign_flip
from tests.stats.compare.made import attempt, runs, table


def test_sign_flips_of_many_rows_are_those_of_one() -> None:
    rows = np.array([[2, 1, 3, 0, 1, -1, 2, 1], [0] * 8, [1, np.nan, 1, 0, 0, 0, 0, 0]], dtype=float)
    assert sign_flips(rows).tolist() == [20 / 256, 1.0, 0.5]


def test_many_differences_are_drawn() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(0.3, 1, (3, EXACT_UP_TO + 20))
    assert sign_flips(rows) == pytest.approx([sign_flip(row) for row in rows], abs=0.01)


def test_a_clear_difference_survives_any_correction() -> None:
    whole = np.full((1, 250), 0.5)
    assert sign_flips(whole) == pytest.approx([2.0**-249])
    # No multiples of anything: where no drawn pattern reaches the sum, Hoeffding's bound.
    odd = whole + np.random.default_rng(1).uniform(-1e-3, 1e-3, whole.shape)
    (p,) = sign_flips(odd)
    assert p == pytest.approx(2 * np.exp(-(odd.sum() ** 2) / (2 * (odd**2).sum())))
    assert p > 2.0**-249


def test_one_observation_a_task_is_mcnemar() -> None:
    scores = [{"a": [1] * 8 + [0] * 2 + [1] * 5, "b": [0] * 8 + [1] * 2 + [1] * 5}]
    (pair,) = compare(runs(scores)).pairs
    assert pair.method == "mcnemar"
    assert (pair.up, pair.down) == (8, 2)
    assert pair.p == pytest.approx(0.109375)
    assert pair.least_p == least_p(10) == 2**-9
    # The same scores twice over are means over two observations: signs of tasks are flipped, not of rows.
    (again,) = compare(runs(scores * 2)).pairs
    assert again.method == "sign-flip"
    assert again.p == pytest.approx(0.109375)
    assert again.runs_agree == 2


def test_holm_ranks_and_letters_by_hand() -> None:
    # a passes 10 tasks, b and c none: a - b and a - c have p = 2/1024, b - c has 1.
    scores = [{"a": [1.0] * 10, "b": [0.0] * 10, "c": [0.0] * 10}]
    found = compare(runs(scores))
    assert [(p.first, p.second, p.p, p.adjusted_p, p.significant) for p in found.pairs] == [
        ("a", "b", 2 / 1024, pytest.approx(6 / 1024), True),
        ("a", "c", 2 / 1024, pytest.approx(6 / 1024), True),
        ("b", "c", 1.0, 1.0, False),
    ]
    assert [(r.model, r.best_rank, r.worst_rank, r.letters) for r in found.spread] == [
        ("a", 1, 1, "a"), ("b", 2, 3, "b"), ("c", 2, 3, "b"),
    ]  # fmt: skip
    assert found.pairs[2].difference.low is not None
    assert found.pairs[2].difference.low < 0  # never [0, 0]


def test_baseline_corrects_for_its_own_pairs_only() -> None:
    scores = [{"a": [1.0] * 10, "b": [0.0] * 10, "c": [0.0] * 10}]
    found = compare(runs(scores), baseline="c")
    assert [(pair.first, pair.second) for pair in found.against] == [("a", "c"), ("b", "c")]
    assert found.against[0].adjusted_p == pytest.approx(4 / 1024)
    assert found.against[0].difference.value == 1.0
    assert (found.against[0].up, found.against[0].down) == (10, 0)
    turned = compare(runs(scores), baseline="a").against[0]
    assert turned.difference.value == -1.0
    assert (turned.up, turned.down) == (0, 10)


@pytest.mark.parametrize(("models", "repeats"), [(2, 1), (4, 3)])
def test_equal_models_share_a_tier(models: int, repeats: int) -> None:
    rng = np.random.default_rng(11)
    apart, rounds = 0, 150
    for _ in range(rounds):
        rates = rng.beta(1, 1, 14)
        scores = [
            {f"m{m}": (rng.random(14) < rates).astype(float).tolist() for m in range(models)} for _ in range(repeats)
        ]
        found = compare(runs(scores))
        apart += any(pair.significant for pair in found.pairs)
    # At most 5%: 2 standard errors of 150 rounds are 3.6 points.
    assert apart / rounds <= 0.05 + 0.036


def test_different_models_do_not() -> None:
    rng = np.random.default_rng(12)
    scores = [{m: (rng.random(40) < q).astype(float).tolist() for m, q in (("a", 0.9), ("b", 0.3))} for _ in range(3)]
    assert compare(runs(scores)).pairs[0].significant


def test_differences_stay_possible() -> None:
    rows = [attempt("a", f"s/{t}", score=1.0) for t in range(3)] + [
        attempt("b", f"s/{t}", score=t / 10) for t in range(3)
    ]
    (pair,) = compare([table("x", rows)], "points").pairs
    assert pair.difference.high is not None
    assert pair.difference.high <= 10


def test_hundreds_of_models_have_places_and_no_letters() -> None:
    rng = np.random.default_rng(0)
    rows = {f"m{i:03d}": {f"t{j}": [float(rng.random() < i / 150)] for j in range(40)} for i in range(150)}
    found = compare([RunTable.from_points("one", rows)])
    assert {row.letters for row in found.spread} == {""}
    assert min(row.worst_rank for row in found.spread) < 150
    assert any("letters would be needed" in note for note in found.notes)


def test_an_exact_p_of_one_is_exact() -> None:
    # As many up as down: every pattern is as far from 0, which is no reason to draw some.
    rows = np.tile([0.1, 0.2, -0.3], 7)[None]
    assert sign_flips(rows).tolist() == [1.0]
    assert sign_flips(np.random.default_rng(0).permutation(rows[0])[None]).tolist() == [1.0]


def test_rounding_is_no_agreement_of_runs() -> None:
    scores = [{"a": [0.1, 0.2, 0.3], "b": [0.3, 0.2, 0.1]}, {"a": [0.2, 0.1, 0.3], "b": [0.3, 0.1, 0.2]}]
    (pair,) = compare(runs(scores), "score").pairs
    assert pair.difference.value == pytest.approx(0)
    assert pair.runs_agree == 0
