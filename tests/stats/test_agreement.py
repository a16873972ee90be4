"""Agreement of judges: the published figures, worked examples, properties."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.agreement import Metric, disagreement, icc_agreement, krippendorff_alpha, quadratic_kappa

J1 = [8, 7, 9, 6, 5, 8, 7, 3, 9, 6]
J2 = [7, 7, 8, 6, 7, 8, 5, 4, 9, 8]

scores = st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), min_size=2, max_size=30)


def test_published_numbers() -> None:
    found = disagreement(J1, J2)
    assert found.rate == pytest.approx(0.3)
    assert quadratic_kappa(J1, J2) == pytest.approx(0.71483, abs=5e-6)
    assert krippendorff_alpha([J1, J2]) == pytest.approx(0.69223, abs=5e-6)


def test_chance_is_what_shuffled_items_would_give() -> None:
    found = disagreement([1, 1, 5, 5], [1, 1, 5, 5], least=2)
    assert (found.rate, found.by_chance, found.n) == (0.0, 0.5, 4)


def test_krippendorffs_own_example() -> None:
    """Four observers, twelve units with gaps: Krippendorff (2011), section C."""
    gap = None
    data = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
        [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
    ]
    assert krippendorff_alpha(data, metric="nominal") == pytest.approx(0.743, abs=5e-4)
    assert krippendorff_alpha(data, metric="ordinal") == pytest.approx(0.815, abs=5e-4)
    assert krippendorff_alpha(data, metric="interval") == pytest.approx(0.849, abs=5e-4)


def test_icc_of_the_classic_example() -> None:
    """Six targets, four judges: Shrout and Fleiss (1979), table 2; ICC(2,1) is ICC(A,1)."""
    data = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert icc_agreement(data) == pytest.approx(0.29, abs=5e-3)
    assert icc_agreement([[1, 1], [1, 1]]) is None
    assert icc_agreement([[1, 2]]) is None


@given(scores)
def test_a_judge_agrees_with_itself_completely(pairs: list[tuple[int, int]]) -> None:
    first = [a for a, _ in pairs]
    assert disagreement(first, first).rate == 0
    assert quadratic_kappa(first, first) in (None, pytest.approx(1.0))
    assert krippendorff_alpha([first, first]) in (None, pytest.approx(1.0))


@given(scores)
def test_agreement_does_not_depend_on_who_is_first(pairs: list[tuple[int, int]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    assert quadratic_kappa(first, second) == pytest.approx(quadratic_kappa(second, first))
    assert krippendorff_alpha([first, second]) == pytest.approx(krippendorff_alpha([second, first]))
    for value in (quadratic_kappa(first, second), krippendorff_alpha([first, second])):
        assert value is None or value <= 1 + 1e-12


def test_without_anything_to_agree_on_there_is_no_number() -> None:
    assert quadratic_kappa([3, 3], [3, 3]) is None
    assert krippendorff_alpha([[3, 3], [3, 3]]) is None
    assert krippendorff_alpha([[1, None], [None, 2]]) is None
    with pytest.raises(ValueError, match="same items"):
        disagreement([1], [1, 2])
    with pytest.raises(ValueError, match="same items"):
        disagreement([], [])


gappy = st.lists(
    st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=3, max_size=3), min_size=2, max_size=12
)  # fmt: skip


@given(gappy, st.sampled_from(["nominal", "ordinal", "interval"]))
def test_alpha_is_that_of_its_definition(items: list[list[int | None]], metric: Metric) -> None:
    """Coincidences written out pair by pair."""
    units = [[value for value in item if value is not None] for item in items]
    units = [unit for unit in units if len(unit) >= 2]
    values = [value for unit in units for value in unit]
    count = Counter(values)

    def distance(a: int, b: int) -> float:
        if metric == "nominal":
            return float(a != b)
        if metric == "interval":
            return float(a - b) ** 2
        low, high = min(a, b), max(a, b)
        return (sum(count[v] for v in range(low, high + 1)) - (count[a] + count[b]) / 2) ** 2

    observed = sum(distance(a, b) / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2))
    expected = sum(distance(a, b) for a, b in permutations(values, 2)) / max(1, len(values) - 1)
    table = [list(row) for row in zip(*items, strict=True)]
    found = krippendorff_alpha(table, metric=metric)
    assert found == (pytest.approx(1 - observed / expected) if expected else None)


@given(scores, st.floats(0.5, 4))
def test_chance_is_that_of_all_pairs(pairs: list[tuple[int, int]], least: float) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    found = disagreement(first, second, least=least)
    apart = [abs(a - b) >= least for a, b in product(first, second)]
    assert found.by_chance == pytest.approx(sum(apart) / len(apart))
    squares = [(a - b) ** 2 for a, b in product(first, second)]
    kappa = quadratic_kappa(first, second)
    if kappa is not None:
        assert kappa == pytest.approx(
            1 - sum((a - b) ** 2 for a, b in pairs) / len(pairs) / (sum(squares) / len(squares))
        )


def test_a_hundred_thousand_cells_fit_in_memory() -> None:
    """n x n of these would be 80 GB."""
    rng = np.random.default_rng(1)
    first = rng.normal(5, 2, size=100_000)
    second = first + rng.normal(0, 1, size=100_000)
    assert quadratic_kappa(first, second) == pytest.approx(8 / 9, abs=0.01)
    assert disagreement(first, second).by_chance == pytest.approx(0.505, abs=0.01)
    assert krippendorff_alpha([first.tolist(), second.tolist()], metric="interval") == pytest.approx(8 / 9, abs=0.01)


def test_nan_is_no_agreement() -> None:
    for measure in (disagreement, quadratic_kappa):
        with pytest.raises(ValueError, match="NaN"):
            measure([float("nan"), 1.0], [9.0, 1.0])


def test_a_rating_that_is_missing_is_no_number() -> None:
    with pytest.raises(ValueError, match="NaN"):
        icc_agreement(np.array([[1, 2], [np.nan, 3], [2, 2]]))
