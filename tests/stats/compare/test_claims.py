"""What the first run says, held against the others."""

from __future__ import annotations

import pytest

from harness.stats.compare import compare
from harness.stats.compare.results import Claim, Comparison
from harness.stats.noise import wins_sd
from tests.stats.compare.made import attempt, runs, table


def claim(found: Comparison, text: str) -> Claim:
    (one,) = [item for item in found.claims if item.text == text]
    return one


@pytest.fixture(scope="module")
def found() -> Comparison:
    """Two categories of two tasks; a leads x in every run, y has another leader each time."""
    scores = [
        {"a": [1, 1, 0, 0], "b": [0, 0, 1, 1], "c": [0, 0, 1, 0]},
        {"a": [1, 1, 1, 1], "b": [0, 1, 0, 1], "c": [0, 0, 0, 1]},
        {"a": [1, 1, 0, 1], "b": [0, 0, 0, 1], "c": [0, 0, 1, 1]},
    ]
    return compare(runs(scores, ["x", "x", "y", "y"]))


def test_a_category_that_survives(found: Comparison) -> None:
    one = claim(found, "a is the best in x")
    assert (one.kind, one.category, one.held, one.of, one.survived) == ("best_in_category", "x", 2, 2, True)
    # Run 2: one of three passes the first test, two the second: 1/3 of 2/3. Run 3: one each.
    assert one.by_chance == pytest.approx(2 / 9 * 1 / 9, rel=0.05)
    assert not one.supported  # two tasks cannot support anything


def test_a_category_that_does_not(found: Comparison) -> None:
    one = claim(found, "b is the best in y")
    assert (one.held, one.of, one.survived) == (0, 2, False)


def test_pairs_of_models(found: Comparison) -> None:
    # Run 1: a and b have two each, which claims nothing; both are before c.
    assert {item.text for item in found.claims if item.kind == "before"} == {"a before c", "b before c"}
    assert claim(found, "a before c").survived
    # Run 2: b 2, c 1; run 3: b 1, c 2.
    assert (claim(found, "b before c").held, claim(found, "b before c").survived) == (1, False)


def test_leaders_of_each_run(found: Comparison) -> None:
    assert {row.category: row.leaders for row in found.categories} == {
        "x": (("a",), ("a",), ("a",)),
        "y": (("b",), ("a",), ("c",)),
    }
    assert all(row.underpowered and "underpowered" in row.note for row in found.categories)


def test_no_tier_is_claimed_where_nobody_is_told_apart(found: Comparison) -> None:
    assert all(set(tier.models) == {"a", "b", "c"} for tier in found.tiers)
    assert not [item for item in found.claims if item.kind == "top_tier"]


def test_a_tier_that_survives() -> None:
    row = {"a": [1.0] * 12, "b": [1.0] * 11 + [0.0], "c": [0.0] * 12}
    found = compare(runs([row, row, row]))
    one = claim(found, "top tier: a, b")
    assert (one.held, one.of, one.survived, one.supported) == (2, 2, True, True)
    assert claim(found, "b is in the top tier").survived
    assert claim(found, "c gets nothing").survived


def test_a_tier_that_does_not() -> None:
    row = {"a": [1.0] * 12, "b": [1.0] * 11 + [0.0], "c": [0.0] * 12}
    found = compare(runs([row, {**row, "b": [0.0] * 12}]))
    assert not claim(found, "top tier: a, b").survived
    assert claim(found, "a is in the top tier").survived
    assert not claim(found, "b is in the top tier").survived


def test_one_run_claims_nothing() -> None:
    found = compare(runs([{"a": [1, 1], "b": [0, 0]}]))
    assert found.claims == ()
    assert found.noise.runs is None
    assert found.noise.rerun_sd is None
    assert any("One run" in note for note in found.notes)


def test_a_model_that_alone_has_marks_is_the_best_of_nobody() -> None:
    # Judges mark programs that pass: only those of a, three times.
    tables = runs([{"a": [1, 1], "b": [0, 0], "c": [0, 0]}] * 3)
    for made in tables:
        made.marks.update({("a", task, 0): 0.9 for task in ("t00", "t01")})
    found = compare(tables, "judge")
    assert not [item.text for item in found.claims]
    assert {row.leaders for row in found.categories} == {((), (), ())}
    assert "b has no value anywhere: it is compared with nobody." in found.notes


def test_tests_that_nobody_won_are_no_occasion_to_win() -> None:
    """28 tests in three runs; one of eleven models solves five of them, nobody anything else."""
    scores = [{f"m{m:02d}": [float(m == 0 and t < 5) for t in range(28)] for m in range(11)}] * 3
    found = compare(runs(scores), "wins")
    luck = found.noise.luck[0]
    assert (luck.most, luck.tests) == (5, 5)
    assert luck.p == pytest.approx(11**-4)
    assert claim(found, "m05 wins nothing").by_chance == pytest.approx((10 / 11) ** 10)
    assert found.noise.prompts_sd < wins_sd(28, 11) / 2


def test_tests_that_all_share_are_no_luck() -> None:
    shared = [{m: [1.0] * 23 + [float(m == "a")] * 5 for m in "abcd"}]
    luck = compare(runs(shared), "wins").noise.luck[0]
    assert [luck.most, luck.tests] == pytest.approx([5 + 23 / 4, 28])
    assert luck.p == pytest.approx(4**-4)
    # Nobody is told from another, which is no proof that nothing varies.
    same = compare(runs([{m: [1.0] * 12 for m in "ab"}]), "wins").noise
    assert [same.luck[0].p, same.prompts_sd] == pytest.approx([1, wins_sd(12, 2)])


def test_half_a_win_is_no_win() -> None:
    # a passes all ten, b and c five each: shares are dealt anew within each task, 3 (2/3)^10 all to one.
    passed = {"a": [1.0] * 10, "b": [1.0] * 5 + [0.0] * 5, "c": [0.0] * 5 + [1.0] * 5}
    luck = compare(runs([passed]), "wins").noise.luck[0]
    assert luck.most == 5
    assert luck.p == pytest.approx(3 * (2 / 3) ** 10, abs=0.012)


def test_what_all_runs_do_not_bear_out_is_not_supported() -> None:
    scores = [
        {"a": [1.0] * 12, "b": [0.0] * 12},
        {"a": [1.0] * 9 + [0.0] * 3, "b": [0.0] * 9 + [1.0] * 3},
        {"a": [1.0] * 9 + [0.0] * 3, "b": [0.0] * 9 + [1.0] * 3},
    ]
    one = claim(compare(runs(scores), "wins"), "b wins nothing")
    assert (one.held, one.of, one.supported) == (0, 2, False)


def test_chances_are_of_the_models_of_a_run() -> None:
    """b and c are in the first run only: in the second there are two to win."""
    scores = [
        {
            "a": [1.0] * 4 + [0.0] * 8,
            "b": [0.0] * 4 + [1.0] * 4 + [0.0] * 4,
            "c": [0.0] * 8 + [1.0] * 4,
            "d": [0.0] * 12,
        },
        {"a": [1.0] * 12, "d": [0.0] * 12},
    ]
    tables = [
        table(f"run{r}", [attempt(m, f"s/t{t:02d}", score=v) for m, row in run.items() for t, v in enumerate(row)])
        for r, run in enumerate(scores)
    ]
    assert claim(compare(tables, "wins"), "d wins nothing").by_chance == pytest.approx(0.5**12)


def test_five_tasks_can_decide_at_ten_per_cent() -> None:
    one = {"a": [1.0] * 5, "b": [0.0] * 5}
    found = compare(runs([one, one], ["x"] * 5), alpha=0.1)
    assert found.categories[0].separated == 1
    assert claim(found, "a is the best in x").supported
    assert not claim(compare(runs([one, one], ["x"] * 5)), "a is the best in x").supported
