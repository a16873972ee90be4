"""What may decide, and by which interval: wiring that the numbers of the functions themselves do not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.stats.compare import compare
from harness.stats.compare.categories import within
from harness.stats.compare.grids import grid
from harness.stats.compare.routes import _Field
from tests.stats.compare.made import attempt, table


def test_a_pair_that_met_too_few_tasks_of_a_category_is_not_tested_there() -> None:
    rows = [attempt(m, f"t{t}", score=float(m == "a")) for m in "ab" for t in range(7)]
    found = grid([table("one", rows)], "pass")
    assert within(found, alpha=0.05).adjusted.tolist() == [[2 / 2**7]]
    assert within(found, alpha=0.05, least=8).adjusted.tolist() == [[1.0]]
    assert within(found, alpha=0.01).adjusted.tolist() == [[1.0]], "seven tasks never reach 1%"


def test_points_in_between_have_an_interval_of_their_own_spread() -> None:
    """Better by 5 to 7 points at each of 24 tasks; a category that is all or nothing keeps its own interval."""
    scores = {"a": 0.5, "b": 0.44}
    rows = [
        attempt(m, f"t{t:02d}", score=score + 0.01 * (t % 3 - 1) * (m == "a"), category="x")
        for m, score in scores.items()
        for t in range(24)
    ]
    (pair,) = compare([table("one", rows)], "score").pairs
    assert pair.difference.low is not None
    assert 0.05 < pair.difference.low < 0.06
    found = grid([table("one", [*rows, *(attempt(m, "u", category="y") for m in "ab")])], "score")
    assert found.graded.tolist() == [True] * 24 + [False]
    assert not found.only(np.array([False] * 24 + [True])).graded.any()


def test_a_category_and_all_tasks_that_run_in_a_circle_are_not_put_together() -> None:
    """In the category b is worse than a; over all tasks c than b, and a than c. d is worse than nobody."""
    rows = [attempt(m, "t") for m in "abcd"]
    none = np.zeros((4, 4), dtype=bool)
    own, general = none.copy(), none.copy()
    own[1, 0] = general[2, 1] = general[0, 2] = True
    field = _Field(grid([table("one", rows)], "pass"), own, np.zeros(4), np.ones(4, dtype=bool), {}, frozenset(), {})
    assert field.beside(replace(field, worse=general)) is field
    general[0, 2] = False
    both = field.beside(replace(field, worse=general))
    assert both.top == [0, 3]
    assert both.worse.sum() == 2
