"""Best-of-N: selection expected over subsets, recovery, curves."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.bestofn import Draw, Sample, best_of_n, curve_steps, distinct, selection_weights


def sample(passed: bool, visible: float | None = None, signature: str = "", name: str = "") -> Sample:
    return Sample(passed=passed, score=float(passed), visible=visible, signature=signature, hash=name)


def draw(*samples: Sample, method: str = "verifier", chosen: int = 0) -> Draw:
    return Draw(list(samples), samples[chosen] if method else None, method)


def test_mean_selected_oracle_recovery() -> None:
    good, bad = sample(True, 1.0), sample(False, 0.0)
    trap = sample(False, 1.0)
    draws = {
        "found": [draw(bad, good, chosen=1)],
        "missed": [draw(trap, sample(True, 0.5))],
        "hopeless": [draw(bad, bad)],
        "easy": [draw(good, good)],
    }
    found = best_of_n(draws, lambda s: s.passed)
    assert (found.mean.value, found.selected.value, found.oracle.value) == (0.5, 0.5, 0.75)
    assert found.recovery.value == 0
    assert [point.oracle.value for point in found.curve] == [0.5, 0.75]
    assert [point.worst.value for point in found.curve] == [0.5, 0.25]


def test_perfect_recovery_is_not_certain() -> None:
    found = best_of_n({str(i): [draw(sample(True, 1), sample(False, 0))] for i in range(6)}, lambda s: s.passed)
    assert found.recovery.value == 1
    assert found.recovery.low is not None
    assert found.recovery.low < 0.7


def test_no_gain_possible_has_no_recovery() -> None:
    found = best_of_n({"a": [draw(sample(True), sample(True))]}, lambda s: s.passed)
    assert found.recovery.value is None
    assert "No gain" in found.recovery.note


def test_without_selection_nothing_is_selected() -> None:
    found = best_of_n({"a": [draw(sample(True), sample(False), method="")]}, lambda s: s.passed)
    assert found.selected.value is None
    assert found.recovery.value is None
    assert [point.selected.value for point in found.curve] == [None, None]
    assert found.oracle.value == 1


def test_nothing_at_all() -> None:
    found = best_of_n({}, lambda s: s.passed)
    assert (found.mean.value, found.selected.value, found.oracle.value, found.curve) == (None, None, None, ())
    assert curve_steps({}) == []


def test_curve_leaves_out_short_draws_and_says_so() -> None:
    draws = {"a": [draw(sample(True), sample(False))], "b": [draw(sample(False))]}
    last = best_of_n(draws, lambda s: s.passed).curve[-1]
    assert last.oracle.value == 1
    assert last.oracle.n == 1
    assert "At k = 2, 1 draws with fewer" in last.oracle.note


def test_long_curves_thin_out() -> None:
    steps = curve_steps({"a": [draw(*[sample(True)] * 1000)]})
    assert steps[:16] == list(range(1, 17))
    assert steps[-1] == 1000
    assert len(steps) < 45


def test_distinct_counts_hashes() -> None:
    draws = {"a": [draw(sample(True, name="x"), sample(True, name="x"), sample(True, name="y"), sample(True))]}
    assert distinct(draws).value == pytest.approx(2 / 3)
    assert distinct({"a": [draw(sample(True, name="x"))]}).value is None


@given(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=1, max_size=7), st.integers(1, 7))
def test_votes_equal_voting_in_every_subset(signatures: list[str], k: int) -> None:
    votes = draw(*[sample(True, signature=s) for s in signatures], method="vote")
    weights = selection_weights(votes, k)
    if k > len(signatures):
        assert weights is None
        return
    assert weights is not None
    assert sum(weights) == pytest.approx(1)
    if k == 1:
        return
    for name in ("a", "b", "c"):
        shares = []
        for subset in combinations(signatures, k):
            counts = {s: subset.count(s) for s in subset if s}
            tied = [s for s, count in counts.items() if count == max(counts.values())]
            shares.append(1 / len(tied) if name in tied else 0.0)
        assert sum(w for w, s in zip(weights, signatures, strict=True) if s == name) == pytest.approx(fmean(shares))


def test_large_votes_are_sampled_and_repeatable() -> None:
    votes = draw(*[sample(True, signature=str(i % 7)) for i in range(60)], method="vote")
    first = selection_weights(votes, 20)
    assert first is not None
    assert first == selection_weights(votes, 20)
    assert sum(first) == pytest.approx(1)


def test_other_selectors() -> None:
    three = [sample(True), sample(False), sample(False)]
    assert selection_weights(draw(*three, method="first"), 2) == [1 / 3] * 3
    assert selection_weights(draw(*three, method="judge"), 2) is None
    assert selection_weights(draw(*three, method="judge", chosen=0), 3) is not None


def test_there_is_no_oracle_while_attempts_await_a_judge() -> None:
    good, bad = sample(True), sample(False)
    draws = {
        "a": [draw(good, bad, chosen=0)],
        "b": [draw(bad, bad)],
        # What was shown to the judge is wrong, and a sibling waits: the best of these is not known.
        "c": [Draw([bad], bad, "judge", waiting=2)],
        # Nothing is usable of what was selected, and what has a verdict failed its criteria.
        "d": [Draw([bad], None, "judge", waiting=2)],
        # One passes: whatever the others are, the best does.
        "e": [Draw([good, bad], good, "judge", waiting=1)],
    }
    found = best_of_n(draws, lambda one: one.passed)
    assert (found.selected.value, found.selected.n) == (0.5, 4)
    # Without those two draws it would be 2 of 3: left out would be just what has not passed yet.
    assert (found.oracle.value, found.oracle.low) == (None, None)
    assert found.oracle.note == "Of 2 draws the best may await a judge: between 40% and 80%."
    assert found.recovery.value is None
    known = {name: draws[name] for name in "abe"}
    assert best_of_n(known, lambda one: one.passed).oracle.value == pytest.approx(2 / 3)


def test_the_best_of_four_is_said_to_be_no_best_of_five() -> None:
    draws = {"t": [draw(*[sample(True)] * 5)], "u": [draw(*[sample(False)] * 4)]}
    found = best_of_n(draws, lambda one: one.passed)
    assert found.oracle.note == found.selected.note == "Draws of 4 to 5 attempts."
    same = best_of_n({"t": draws["t"], "u": draws["t"]}, lambda one: one.passed)
    assert "Draws" not in same.oracle.note
