"""Groups of models in place of models: what a group has, how groups differ, what is said of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from harness.stats.compare import Incomparable, RunTable, compare
from harness.stats.compare.grids import grid
from harness.stats.compare.groups import grouped
from harness.stats.compare.pairs import dealt_anew
from harness.stats.paired import sign_flip
from tests.stats.compare.made import attempt, table

TWO = {"big": ["a", "b"], "small": ["c"]}


def points(name: str, **models: Sequence[float]) -> RunTable:
    """A run of one value for each model and task; the first half of the tasks is of category x."""
    tasks = [f"t{i}" for i in range(len(next(iter(models.values()))))]
    half = len(tasks) // 2
    return RunTable.from_points(
        name,
        {
            model: {task: [float(value)] for task, value in zip(tasks, own, strict=True)}
            for model, own in models.items()
        },
        categories={task: "x" if i < half else "y" for i, task in enumerate(tasks)},
    )


def test_a_group_is_the_mean_of_its_models() -> None:
    found = grid([points("one", a=[1, 1, 0, 0], b=[1, 0, 0, 0], c=[0, 0, 1, 0], d=[1, 1, 1, 1])], "score")
    both = grouped(found, TWO)
    assert both.models == ("big", "d", "small")
    assert both.together == (("a", "b"), ("d",), ("c",))
    assert both.sizes.tolist() == [2, 1, 1]
    assert both.values[0].tolist() == [[1, 0.5, 0, 0], [1, 1, 1, 1], [0, 0, 1, 0]]


def test_a_task_that_one_of_the_models_missed_is_no_task_of_the_group() -> None:
    rows = [attempt("a", "t"), attempt("b", "t", score=0), attempt("a", "u"), attempt("c", "t"), attempt("c", "u")]
    found = grouped(grid([table("one", rows)], "pass"), TWO)
    assert found.values[0, found.models.index("big")].tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    # A model that is not in a run at all does not take its group out of it.
    later = table("two", [attempt("a", "t"), attempt("c", "t")])
    found = grouped(grid([table("one", rows), later], "pass"), TWO)
    assert found.values[1, found.models.index("big")].tolist() == [1.0]


def test_what_groups_have_together() -> None:
    one = points("one", a=[1, 0, 0, 0], b=[0, 1, 0, 0], c=[0, 0, 1, 0])
    two = points("two", a=[1, 1, 0, 0], c=[0, 0, 0, 1])
    big, small = compare([one, two], "wins", groups=TWO).groups
    assert (big.name, big.models, list(big.totals)) == ("big", ("a", "b"), [2, 2])
    assert big.shares == pytest.approx((2 / 3, 2 / 3))
    assert list(big.expected) == [2 / 3, 1 / 2]
    assert list(small.totals) == [1, 1]
    rates = compare([one], "pass", groups=TWO).groups
    assert not any(group.totals for group in rates)
    assert rates[0].shares == pytest.approx((2 / 3,))
    # Nothing to have a part of.
    assert compare([points("one", a=[0], b=[0], c=[0])], "wins", groups=TWO).groups[0].shares == (None,)
    assert compare([one], "pass").groups == ()


def test_size_is_no_advantage() -> None:
    """Six equal models in groups of five and one: no difference, though five win five times as much."""
    wins = np.eye(6).tolist() * 4
    models = {name: [row[m] for row in wins] for m, name in enumerate("abcdef")}
    found = compare([points("one", **models)], "wins", groups={"five": list("abcde"), "one": ["f"]})
    (pair,) = found.pairs
    assert pair.difference.value == pytest.approx(0)
    assert not pair.significant
    assert list(found.groups[0].totals) == [20]
    assert found.tiers[0].share == pytest.approx(1)


def test_noise_stability_and_facts_are_of_models() -> None:
    runs = [points(name, a=[1, 0, 0], b=[0, 1, 0], c=[0, 0, 1]) for name in ("one", "two", "three")]
    plain, found = compare(runs, "wins"), compare(runs, "wins", groups=TWO)
    assert found.noise == plain.noise
    assert found.noise.models == 3
    assert {row.model for row in found.stability} == {item.model for item in found.facts} == {"a", "b", "c"}
    assert set(found.models) == set(found.categories[0].values) == {"big", "small"}
    assert found.planning.win_tests == plain.planning.win_tests
    assert len(found.heat[0]) == 2
    assert "mean of its models" in found.meaning
    assert any("A group is" in note for note in found.notes)


def test_claims_of_groups() -> None:
    rows = {"a": [1, 1, 0, 0, 0, 0], "b": [0, 0, 1, 0, 1, 1], "c": [0, 0, 0, 1, 0, 0]}
    moved = {**rows, "a": [1, 1, 1, 0, 0, 0], "b": [0, 0, 0, 0, 1, 1]}
    found = compare([points(name, **own) for name, own in (("1", rows), ("2", moved), ("3", rows))], "wins", groups=TWO)
    (nothing,) = [claim for claim in found.claims if claim.kind == "nothing_in_category"]
    assert (nothing.text, nothing.models, nothing.category) == ("small wins nothing in x", ("small",), "x")
    assert (nothing.held, nothing.of, nothing.survived, nothing.supported) == (2, 2, True, False)
    # It wins 1 task of 6: three tasks in two more runs.
    assert nothing.by_chance == pytest.approx((5 / 6) ** 6)
    best = [claim for claim in found.claims if claim.kind == "best_in_category"]
    assert best
    assert all(claim.by_chance is None for claim in best)
    # Not said of single models, which have nothing in most categories.
    plain = compare([points("1", **rows), points("2", **rows)], "wins")
    assert "nothing_in_category" not in {claim.kind for claim in plain.claims}


def test_groups_are_compared_with_a_baseline() -> None:
    run = points("one", a=[1] * 8, b=[1] * 8, c=[0] * 8, d=[0] * 8)
    found = compare([run], "score", groups=TWO, baseline="small")
    assert {pair.first for pair in found.against} == {"big", "d"}
    assert found.against[0].second == "small"


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"x": []}, "group x has no models"),
        ({"x": ["nope"]}, "group x: no graded attempt of nope"),
        ({"x": ["a", "a"]}, "a is in group x twice"),
        ({"x": ["a"], "y": ["a"]}, "a is in group x and in group y"),
        ({"c": ["a", "b"]}, "group c has the name of a model that is not in it"),
    ],
)
def test_groups_that_cannot_be(groups: dict[str, list[str]], message: str) -> None:
    run = points("one", a=[1, 0], b=[0, 1], c=[1, 1])
    with pytest.raises(Incomparable, match=message):
        compare([run], "pass", groups=groups)
    # A group may have the name of one of its own models, and there may be a single one.
    assert compare([run], "pass", groups={"a": ["a", "b", "c"]}).models == ("a",)


def test_the_share_of_a_top_tier_is_of_all_that_models_have() -> None:
    """Two models of one group are right everywhere, the one of the other in a quarter: eight of nine."""
    run = points("one", a=[1] * 16, b=[1] * 16, c=[1] * 4 + [0] * 12)
    (tier,) = compare([run], "score", groups=TWO).tiers
    assert tier.models == ("big",)
    assert tier.share == pytest.approx(32 / 36)


def test_groups_of_equal_models_differ_in_five_percent_of_comparisons() -> None:
    """Nine against two, 28 tests with one winner each; sign flips would call them different twice as often."""
    rng = np.random.default_rng(8)
    found = flipped = 0
    for _ in range(400):
        won = np.zeros((11, 28))
        won[rng.integers(0, 11, 28), np.arange(28)] = 1
        found += dealt_anew(won[:9], won[9:], draws=1000) <= 0.05
        flipped += sign_flip(won[:9].mean(axis=0) - won[9:].mean(axis=0), draws=1000) <= 0.05
    assert found <= 30, "5% and three standard errors"
    assert flipped > found


def test_wins_of_groups_are_tested_by_dealing() -> None:
    rng = np.random.default_rng(2)
    winner = rng.integers(0, 6, 40)
    one = points("one", **{name: [float(w == m) for w in winner] for m, name in enumerate("abcdef")})
    groups = {"big": list("abcde"), "small": ["f"]}
    (pair,) = compare([one], "wins", groups=groups).pairs
    values = np.array([[float(w == m) for w in winner] for m in range(6)])
    assert pair.p == max(dealt_anew(values[:5], values[5:]), sign_flip(values[:5].mean(axis=0) - values[5]))
    # Three tasks say nothing of others, whoever won them in how many runs.
    three = [points(f"run{r}", **{name: [float(name == "abc"[r])] * 3 for name in "abcdef"}) for r in range(3)]
    assert compare(three, "wins", groups={"big": list("abc"), "small": list("def")}).pairs[0].p == 0.25
    # A model that wins everything is told from the others however they are dealt.
    best = points("two", **{name: [float(name == "f")] * 40 for name in "abcdef"})
    (pair,) = compare([best], "wins", groups=groups).pairs
    assert pair.significant
    assert pair.difference.value == pytest.approx(-1)
