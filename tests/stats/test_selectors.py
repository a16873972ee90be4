"""Agreement among candidates: worked examples, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from harness.stats.selectors import dual_agreement, output_agreement


def test_solutions_that_pass_the_same_tests_stand_together() -> None:
    passed = [[1, 1, 0], [1, 1, 0], [1, 1, 1], [0, 0, 0]]
    assert dual_agreement(passed) == pytest.approx([2**0.5 * 2, 2**0.5 * 2, 3, 0])


def test_nothing_to_go_by() -> None:
    assert dual_agreement(np.zeros((3, 0))).tolist() == [0, 0, 0]
    assert dual_agreement(np.zeros((0, 4))).tolist() == []
    with pytest.raises(ValueError, match="solutions x tests"):
        dual_agreement([1, 0])


@given(arrays.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 6))))
def test_scores_are_those_of_the_definition_in_any_order(passed: np.ndarray) -> None:
    wanted = [sum(bool((row == other).all()) for other in passed) ** 0.5 * row.sum() for row in passed]
    assert dual_agreement(passed) == pytest.approx(wanted)
    assert dual_agreement(passed[::-1, ::-1]) == pytest.approx(wanted[::-1])


def test_outputs_agree() -> None:
    assert output_agreement(["a", "b", "a", "", ""]) == pytest.approx([0.25, 0, 0.25, 0, 0])
    assert output_agreement(["a"]).tolist() == [0]
