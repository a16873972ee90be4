"""Bias of judges: exact examples, independent oracles, and simulated judges whose bias is known."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare
from statsmodels.discrete.conditional_models import ConditionalLogit

from harness.judging.analysis.bias import contradicts, family_gaps, judge_biases, slot_bias, swap
from harness.judging.analysis.length import length_slope
from harness.judging.analysis.sheet import Cell, Pairing, pairings, questions
from harness.stats.paired import mcnemar
from tests.judging.making import Bench, Value, simulated

MODELS = ["a", "b", "c", "d"]


def test_wins_by_slot_are_pearsons_chi_square() -> None:
    """30, 20, 25, 25 first places of 100 questions with four candidates."""
    bench = Bench()
    counts = [30, 20, 25, 25]
    for task, slot in enumerate(slot for slot, number in enumerate(counts) for _ in range(number)):
        bench.ask("j", f"s/{task}", {m: {"score": 5, "rank": 1 if i == slot else 2} for i, m in enumerate(MODELS)})
    found = slot_bias(questions(bench.marked, "listwise"))
    oracle = chisquare(counts)
    assert found.method == "chi-square"
    assert found.chi2 == pytest.approx(oracle.statistic)
    assert found.df == 3
    assert found.p == pytest.approx(oracle.pvalue)
    assert [slot.wins for slot in found.slots] == counts
    assert [slot.expected for slot in found.slots] == pytest.approx([25] * 4)
    assert found.most is not None
    assert found.most.slot == 1, "as far off as slot 2, and the one that wins"


def test_few_questions_are_simulated_and_agree_with_the_exact_test() -> None:
    """Two candidates, 7 of 8 first places at slot 1: the exact test is the binomial one."""
    bench = Bench()
    for task in range(8):
        bench.ask("j", f"s/{task}", {"a": {"rank": 1 + (task == 0)}, "b": {"rank": 2 - (task == 0)}})
    found = slot_bias(questions(bench.marked, "listwise"))
    assert found.method == "simulated"
    assert found.p == pytest.approx(binomtest(7, 8).pvalue, abs=0.01)


def test_shared_places_and_questions_of_different_size() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"rank": 1}, "b": {"rank": 1}, "c": {"rank": 3}})
    bench.ask("j", "s/2", {"a": {"rank": 2}, "b": {"rank": 1}})
    bench.ask("j", "s/3", {"a": {"rank": 1}, "b": {"rank": 1}})
    bench.ask("j", "s/4", {"a": {"rank": 1}})
    found = slot_bias(questions(bench.marked, "listwise"))
    assert found.questions == 2, "all tied, or alone: nothing was chosen"
    assert [slot.wins for slot in found.slots] == [0.5, 1.5, 0]
    assert [slot.expected for slot in found.slots] == pytest.approx([5 / 6, 5 / 6, 1 / 3])
    assert [slot.shown for slot in found.slots] == [2, 2, 1]
    assert slot_bias([]).p is None


def place_value(bias: float) -> Value:
    return lambda rng, judge, model, slot, characters: rng.gauss(0, 1) + bias * (slot == 0) + 0.5 * (model == "a")


def test_a_judge_that_favours_the_first_is_found_and_a_fair_one_is_not() -> None:
    flagged = {0.0: 0, 1.0: 0}
    for bias in flagged:
        for seed in range(200 if bias == 0 else 20):
            asked = questions(simulated(["j"], MODELS, 60, place_value(bias), seed=seed).marked, "listwise")
            found = slot_bias(asked)
            assert found.p is not None
            flagged[bias] += found.p < 0.05
    assert flagged[1.0] >= 19
    assert 2 <= flagged[0.0] <= 20, "5% of 200 is 10"


def test_the_simulated_test_keeps_its_level() -> None:
    flagged = 0
    for seed in range(100):
        found = slot_bias(questions(simulated(["j"], MODELS, 12, place_value(0), seed=seed).marked, "listwise"))
        assert found.method == "simulated"
        assert found.p is not None
        flagged += found.p < 0.05
    assert flagged <= 12


def test_swapped_orders() -> None:
    bench = Bench()
    bench.pair("j", "s/1", "a", "b", ["a", "a"])
    bench.pair("j", "s/2", "a", "b", ["a", "b"])
    bench.pair("j", "s/3", "a", "b", ["a", "b"])
    bench.pair("j", "s/4", "a", "b", ["b", "a"])
    bench.pair("j", "s/5", "a", "b", ["tie", "b"])
    bench.pair("j", "s/6", "a", "b", ["a"])
    found = swap(pairings(questions(bench.marked, "pairwise")))
    assert (found.pairs, found.half, found.flips, found.half_ties) == (5, 1, 3, 1)
    assert (found.first, found.second) == (2, 1)
    assert found.rate.value == pytest.approx(3 / 5)
    assert found.p == pytest.approx(binomtest(2, 3).pvalue)


def with_equal_repeats(rng: random.Random, to_first: float) -> list[Pairing]:
    """30 tasks with three repeats of the same texts: half of the pairs are swapped, each in all repeats alike."""
    found = []
    for task in range(30):
        flipped, first, wins = rng.random() < 0.5, rng.random() < to_first, rng.random() < 0.5
        said = (first, first) if flipped else (wins, not wins)
        for repeat in range(3):
            cells = (Cell(f"s/{task}", repeat, "a", 0), Cell(f"s/{task}", repeat, "b", 0))
            shown = dict(zip(cells, map(float, said), strict=True))
            found.append(Pairing("j", f"s/{task}", repeat, cells, shown))
    return found


def test_repeats_of_the_same_texts_make_no_judge_unfair() -> None:
    flagged, of_pairs = {0.5: 0, 0.85: 0}, 0
    for to_first in flagged:
        for seed in range(300):
            found = swap(with_equal_repeats(random.Random(seed), to_first))
            assert found.p is not None
            flagged[to_first] += found.p < 0.05
            of_pairs += to_first == 0.5 and mcnemar(found.first, found.second) < 0.05
    assert flagged[0.5] <= 0.08 * 300
    assert of_pairs >= 0.2 * 300, "what a test of pairs would find"
    assert flagged[0.85] >= 0.7 * 300


def test_slots_are_shuffled_anew_for_repeats_of_the_same_texts() -> None:
    """So a fair judge that always names the same text is flagged no more often."""
    flagged = 0
    for seed in range(100):
        rng, bench = random.Random(seed), Bench()
        for task in range(20):
            best = rng.choice(MODELS)
            for repeat in range(3):
                shown = rng.sample(MODELS, len(MODELS))
                bench.ask("j", f"s/{task}", {m: {"rank": 1 + (m != best)} for m in shown}, repeat=repeat)
        found = slot_bias(questions(bench.marked, "listwise"))
        assert found.p is not None
        flagged += found.p < 0.05
    assert flagged <= 12


def test_without_pairs_there_is_no_rate() -> None:
    found = swap([])
    assert (found.rate.value, found.p) == (None, None)


def chosen(rng: random.Random, bench: Bench, task: int, slope: float, models: list[str] = MODELS) -> None:
    """A winner drawn by P(i) ~ length^slope; the others share the second place."""
    lengths = {model: int(100 * 2 ** rng.uniform(0, 3)) for model in models}
    weights = [lengths[model] ** slope for model in models]
    best = rng.choices(models, weights)[0]
    bench.ask("j", f"s/{task:03d}", {m: {"rank": 1 + (m != best), "characters": lengths[m]} for m in models})


def test_slope_agrees_with_statsmodels() -> None:
    rng, bench = random.Random(2), Bench()
    for task in range(80):
        chosen(rng, bench, task, 0.8)
    asked = questions(bench.marked, "listwise")
    found = length_slope(asked)
    x = np.array([math.log(one.characters) for question in asked for one in question.marks])
    y = np.array([float(one.mark.rank == 1) for question in asked for one in question.marks])
    groups = np.repeat(np.arange(len(asked)), len(MODELS))
    fitted = ConditionalLogit(y, x[:, None], groups=groups).fit(disp=False)
    assert found.value == pytest.approx(float(fitted.params[0]), abs=1e-4)
    assert found.low is not None
    assert found.high is not None
    # One question a task: the clustered error is near the model's own.
    assert (found.high - found.low) / 2 == pytest.approx(1.99 * float(fitted.bse[0]), rel=0.25)


def test_slope_of_two_candidates_is_the_logistic_one() -> None:
    """Twice the length, 3 wins of 4: log odds log 3 at a log ratio of log 2."""
    bench = Bench()
    for task in range(4):
        long = task < 3
        bench.ask("j", f"s/{task}", {"a": {"rank": 2 - long, "characters": 200}, "b": {"rank": 1 + long}})
    found = length_slope(questions(bench.marked, "listwise"))
    assert found.value == pytest.approx(math.log(3) / math.log(2))
    assert found.doubled == pytest.approx(3)


def test_slope_covers_what_was_planted() -> None:
    covered = {0.0: 0, 1.0: 0}
    for slope in covered:
        for seed in range(100):
            rng, bench = random.Random(1000 + seed), Bench()
            for task in range(50):
                chosen(rng, bench, task, slope)
            found = length_slope(questions(bench.marked, "listwise"))
            assert found.low is not None
            assert found.high is not None
            covered[slope] += found.low <= slope <= found.high
            if slope == 1:
                assert found.value is not None
                assert found.value > 0
    assert min(covered.values()) >= 88
    assert covered[0.0] < 100


def test_a_model_that_writes_longer_and_better_gives_no_slope_within_models() -> None:
    rng, bench = random.Random(5), Bench()
    for task in range(120):
        lengths = {"good": int(800 * rng.uniform(0.5, 2)), "bad": int(200 * rng.uniform(0.5, 2))}
        best = "good" if rng.random() < 0.85 else "bad"
        bench.ask("j", f"s/{task}", {m: {"rank": 1 + (m != best), "characters": n} for m, n in lengths.items()})
    asked = questions(bench.marked, "listwise")
    raw, within = length_slope(asked), length_slope(asked, within_models=True)
    assert raw.low is not None
    assert raw.low > 0
    assert within.p is not None
    assert within.p > 0.05


def test_separation_gives_no_number_and_the_reason() -> None:
    bench = Bench()
    for task in range(5):
        bench.ask("j", f"s/{task}", {"a": {"rank": 1, "characters": 300}, "b": {"rank": 2, "characters": 100 + task}})
    found = length_slope(questions(bench.marked, "listwise"))
    assert (found.value, found.p, found.questions) == (None, None, 5)
    assert "longest" in found.note
    equal = Bench()
    equal.ask("j", "s/1", {"a": {"rank": 1}, "b": {"rank": 2}})
    assert "different lengths" in length_slope(questions(equal.marked, "listwise")).note
    assert length_slope([]).value is None


def test_one_task_gives_a_slope_without_an_interval() -> None:
    bench = Bench()
    for repeat in range(4):
        said = {"a": {"rank": 1 + (repeat == 0), "characters": 200}, "b": {"rank": 2 - (repeat == 0)}}
        bench.ask("j", "s/1", said, repeat=repeat)
    found = length_slope(questions(bench.marked, "listwise"))
    assert found.value == pytest.approx(math.log(3) / math.log(2))
    assert (found.low, found.high, found.p, found.tasks) == (None, None, None, 1)


def test_rankings_against_own_totals() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}})
    bench.ask("j", "s/2", {"a": {"score": 6, "rank": 1}, "b": {"score": 8, "rank": 2}})
    bench.ask("j", "s/3", {"a": {"score": 6, "rank": 1}, "b": {"score": 6, "rank": 2}, "c": {"score": 6, "rank": 2}})
    bench.ask("j", "s/4", {"a": {"score": 9, "rank": 1}, "b": {"score": 5, "rank": 2}, "c": {"score": 7, "rank": 3}})
    assert [contradicts(question) for question in questions(bench.marked, "listwise")] == [False, True, False, True]
    (found,) = judge_biases(bench.marked)
    assert (found.rankings, found.contradictions) == (4, 2)


def test_own_family_gap_of_two_tasks() -> None:
    """Own 40 and others 30 under a, 35 and 35 under the other: 10 - 0; in the other task 5 - 5."""
    bench = Bench()
    for task, mine, theirs in (("s/1", (8, 6), (7, 7)), ("s/2", (6, 5), (7, 6))):
        bench.ask("a", task, {"a": {"score": mine[0], "rank": 1}, "b": {"score": mine[1], "rank": 2}})
        bench.ask("fair", task, {"b": {"score": theirs[1], "rank": 1}, "a": {"score": theirs[0], "rank": 1}})
    (found,) = family_gaps(bench.marked, {})
    assert (found.judge, found.other, found.own, found.others) == ("a", "fair", ("a",), ("b",))
    assert found.gap.value == pytest.approx((10 + 0) / 2)
    assert found.gap.n == 2
    assert found.scale == "5..50"


def test_planted_preference_for_the_own_family_is_recovered() -> None:
    covered, values = 0, []
    for seed in range(60):

        def value(rng: random.Random, judge: str, model: str, slot: int, characters: int) -> float:
            return rng.gauss(0, 1) + 2 * (judge == "mine" and model in ("m1", "m2"))

        bench = simulated(["mine", "theirs"], ["m1", "m2", "o1", "o2", "o3"], 25, value, seed=seed)
        gaps = family_gaps(bench.marked, {"mine": "x", "m1": "x", "m2": "X", "theirs": "y", "o3": "y"})
        (found,) = [gap for gap in gaps if gap.judge == "mine"]
        assert found.others == ("o1", "o2"), "the other judge's own are no measure"
        assert found.gap.value is not None
        assert found.gap.low is not None
        assert found.gap.high is not None
        values.append(found.gap.value)
        covered += found.gap.low <= 10 <= found.gap.high
    assert np.mean(values) == pytest.approx(10, abs=0.5), "2 points on each of five dimensions"
    assert covered >= 51


def test_gaps_need_two_judges_and_others() -> None:
    bench = Bench()
    bench.ask("a", "s/1", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}})
    assert family_gaps(bench.marked, {}) == ()
    bench.ask("fair", "s/2", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}})
    assert family_gaps(bench.marked, {}) == (), "no cell that both marked"
    only = Bench()
    for judge in ("a", "fair"):
        only.ask(judge, "s/1", {"a": {"score": 8, "rank": 1}})
    (found,) = family_gaps(only.marked, {})
    assert (found.gap.value, found.p) == (None, None)


def test_shared_wins_vary_less_than_whole_ones() -> None:
    """Two of four always share the win: chi-square has mean df with the variance of shared places, and no other."""
    rng = random.Random(3)
    values = []
    for _ in range(200):
        bench = Bench()
        for task in range(40):
            first = set(rng.sample(MODELS, 2))
            bench.ask("j", f"s/{task}", {m: {"rank": 1 if m in first else 3} for m in MODELS})
        found = slot_bias(questions(bench.marked, "listwise"))
        assert found.method == "chi-square"
        values.append(found.chi2)
    assert np.mean(np.array(values, dtype=float)) == pytest.approx(3, abs=0.5)


def test_places_of_an_imported_judge_are_unknown() -> None:
    bench = Bench()
    for judge in ("here", "import:there"):
        for number in range(6):
            bench.ask(judge, f"t{number}", {"a": {"score": 7, "rank": 1}, "b": {"score": 5, "rank": 2}})
    known, unknown = judge_biases(bench.marked)
    assert known.slots is not None
    assert known.slots.questions == 6
    assert unknown.judge == "import:there"
    assert unknown.slots is None
