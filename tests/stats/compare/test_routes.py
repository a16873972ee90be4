"""A routing table says what the data say, and no more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from harness.stats.compare import RunTable, route
from harness.stats.compare.missing import shares_known
from harness.stats.compare.routes import _circular
from harness.types import Attempt, Outcome, Verdict
from harness.types.routes import Evidence, Route, RoutingTable
from tests.stats.compare.made import attempt, runs, table

CATEGORIES = ["x"] * 20 + ["y"] * 20 + ["z"] * 3


def made(rates: dict[str, tuple[float, float, float]], number: int = 3, seed: int = 1) -> list[RunTable]:
    """Model -> pass rates in x, y, z."""
    rng = np.random.default_rng(seed)
    return runs(
        [
            {
                m: [float(rng.random() < rate) for rate, n in zip(row, (20, 20, 3), strict=True) for _ in range(n)]
                for m, row in rates.items()
            }
            for _ in range(number)
        ],
        CATEGORIES,
    )


def test_a_category_has_a_model_of_its_own_where_it_separates_them() -> None:
    found = route(made({"a": (0.95, 0.1, 0.5), "b": (0.1, 0.95, 0.5)}), prices={"a": 1.0, "b": 2.0})
    x, y = found.routes["x"], found.routes["y"]
    assert (x.primary, x.fallback, x.basis, x.reason) == ("a", "b", "category", "best")
    assert (y.primary, y.fallback, y.basis) == ("b", "a", "category")
    assert x.evidence is not None
    assert x.evidence.n == 20
    assert x.evidence.against == "b"
    assert x.evidence.difference is not None
    assert x.evidence.low is not None
    assert x.evidence.low < x.evidence.difference
    assert (x.evidence.runs_agree, x.evidence.runs) == (3, 3)
    assert x.evidence.adjusted_p is not None
    assert x.evidence.adjusted_p <= 0.05


def test_three_tasks_decide_nothing() -> None:
    z = route(made({"a": (0.95, 0.95, 0), "b": (0.1, 0.1, 1)})).routes["z"]
    assert (z.primary, z.basis) == ("a", "overall")
    assert "3 tasks of this category: underpowered" in z.reason


def test_without_evidence_the_cheapest() -> None:
    found = route(made({"a": (0.5, 0.5, 0.5), "b": (0.5, 0.5, 0.5)}), prices={"a": 2.0, "b": 0.0})
    for made_route in (found.default, *found.routes.values()):
        assert (made_route.primary, made_route.fallback, made_route.basis) == ("b", "a", "none")
        assert made_route.reason.startswith("no evidence: cheapest")
        assert made_route.evidence is None
    assert found.default.not_told_apart == ("a",)


def test_the_cheapest_of_those_that_are_not_told_apart() -> None:
    tables = made({"a": (1.0, 0.95, 1), "b": (0.9, 0.9, 1), "c": (0.05, 0.05, 0)})
    prices = {"a": 2.0, "b": 1.0, "c": 0.0}
    cheap = route(tables, prices=prices).default
    assert (cheap.primary, cheap.fallback, cheap.not_told_apart) == ("b", "a", ("a",))
    assert cheap.reason == "not told apart from a: cheapest"
    best = route(tables, prices=prices, prefer_cheap=False).default
    assert best.primary == "a"
    assert best.reason == "not told apart from b: greatest mean"


def test_a_model_without_a_known_price_is_the_dearest() -> None:
    tables = made({"a": (0.5, 0.5, 0.5), "b": (0.5, 0.5, 0.5)})
    assert route(tables, prices={"b": 9.0}).default.primary == "b"
    assert route(tables).default.primary == "a"  # nothing is known of either: the name decides


def test_equal_models_seldom_get_a_category() -> None:
    equal = dict.fromkeys("abc", (0.5, 0.5, 0.5))
    decided = sum(
        any(item.basis != "none" for item in route(made(equal, 1, seed)).routes.values()) for seed in range(100)
    )
    assert decided <= 5 + 4  # 5%, and two standard errors


def test_one_model() -> None:
    found = route(made({"a": (0.5, 0.5, 0.5)}))
    assert (found.default.primary, found.default.fallback, found.default.basis) == ("a", None, "none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"routes": {"x": Route(primary="z", basis="none", reason="")}}, "x: z is not one"),
        ({"version": 2}, "version"),
        ({"alpha": 1.5}, "alpha"),
    ],
)
def test_tables_are_checked(change: dict[str, Any], message: str) -> None:
    whole = {"metric": "pass", "alpha": 0.05, "runs": ("r",), "models": ("a",), "routes": {},
             "default": Route(primary="a", basis="none", reason="")}  # fmt: skip
    with pytest.raises(ValidationError, match=message):
        RoutingTable.model_validate({**whole, **change})


def test_routes_are_consistent() -> None:
    with pytest.raises(ValidationError, match="itself"):
        Route(primary="a", fallback="a", basis="none", reason="")
    with pytest.raises(ValidationError, match="evidence"):
        Route(primary="a", basis="overall", reason="")
    with pytest.raises(ValidationError, match="evidence"):
        Route(primary="a", basis="none", reason="", evidence=Evidence(n=1))


def test_seven_tasks_in_all_decide_nothing() -> None:
    found = route(runs([{"a": [1.0] * 7, "b": [0.0] * 7}]), prices={"a": 1, "b": 0})
    assert (found.default.primary, found.default.basis) == ("b", "none")
    assert found.routes["general"].basis == "none"
    assert route(runs([{"a": [1.0] * 8, "b": [0.0] * 8}]), prices={"a": 1, "b": 0}).default.primary == "a"


def test_who_never_met_a_category_does_not_get_it() -> None:
    rows = [attempt(m, f"s/x{i}", category="x", score=float(m == "a")) for i in range(12) for m in "ab"]
    rows += [attempt(m, f"s/y{i}", category="y") for i in range(12) for m in "ac"]
    x = route([table("r", rows)], prices={"a": 1, "b": 1, "c": 0}).routes["x"]
    assert (x.primary, x.fallback, x.basis, x.not_told_apart) == ("a", "b", "category", ())


def test_pairs_that_met_other_tasks_may_run_in_a_circle() -> None:
    rows = []
    for i in range(36):
        better, worse = ("ab", "bc", "ca")[i % 3]
        rows += [attempt(better, f"s/{i}"), attempt(worse, f"s/{i}", score=0)]
    found = route([table("r", rows)]).default
    assert found.basis == "none"
    assert "each is worse than another" in found.reason


def test_a_server_that_fails_at_once_is_not_fast() -> None:
    rows = [attempt(m, f"s/{i}") for m in "ab" for i in range(9)]
    rows[0] = rows[0].model_copy(update={"reply": rows[0].reply.model_copy(update={"seconds": 5.0})})  # type: ignore[union-attr]
    down = [attempt("a", f"s/{i}", repeat=1, reply="", verdict=None, error="503") for i in range(9)]
    down = [row.model_copy(update={"reply": None}) for row in down]
    assert route([table("r", rows + down)], prices={"a": 0, "b": 0}).default.primary == "b"


def lost(model: str, task: str, index: int, **changes: Any) -> Attempt:
    return attempt(model, task, index=index, verdict=None, error="503", **changes)


def survivor() -> RunTable:
    """`flaky` answers one attempt of four, always rightly; `good` is right in half of all."""
    rows = []
    for t in range(12):
        rows += [attempt("flaky", f"t{t}", index=0), *(lost("flaky", f"t{t}", i) for i in (1, 2, 3))]
        rows += [attempt("good", f"t{t}", index=i, score=float(i % 2)) for i in range(4)]
    return table("one", rows)


def test_who_mostly_fails_is_not_chosen_by_what_is_left_of_it() -> None:
    for cheap in (True, False):
        found = route([survivor()], prices={"flaky": 0.0, "good": 5.0}, prefer_cheap=cheap)
        for made_route in (found.default, *found.routes.values()):
            assert made_route.primary == "good"
            assert made_route.fallback is None
            assert "flaky 25%" in made_route.reason
    # Nine of ten are enough.
    rows = [attempt("a", f"t{t}", index=i) for t in range(10) for i in range(1)]
    rows += [attempt("b", f"t{t}", score=0) for t in range(10)]
    most = table("one", [*rows, lost("a", "t0", 1)])
    assert route([most]).default.primary == "a"
    assert "left out" not in route([most]).default.reason
    assert "left out" in route([table("one", [*rows, lost("a", "t0", 1), lost("a", "t1", 1)])]).default.reason


def test_where_everybody_mostly_fails_the_cheapest_is_named_alone() -> None:
    rows = [attempt(m, f"t{t}", score=float(t % 2)) for m in "ab" for t in range(12)]
    rows += [lost(m, f"t{t}", i) for m in "ab" for t in range(12) for i in (1, 2, 3)]
    found = route([table("one", rows)], prices={"a": 2.0, "b": 1.0}).default
    assert (found.primary, found.fallback) == ("b", None)
    assert "a 25%, b 25%" in found.reason


def test_what_waits_for_judges_is_missing_in_rates_only() -> None:
    waits = Verdict(outcome=Outcome.unscored, points=0, max_points=1)
    rows = [attempt("a", f"t{t}") for t in range(8)] + [attempt("b", f"t{t}", score=0) for t in range(8)]
    rows += [attempt("a", f"t{t}", index=1, verdict=waits) for t in range(8)]
    found = table("one", rows)
    assert shares_known([found], {"t0"}, "pass") == {"a": 0.5, "b": 1.0}
    assert shares_known([found], {"t0"}, "wins") == {"a": 1.0, "b": 1.0}
    assert shares_known([found], {"elsewhere"}, "pass") == {}
    # What is known of it leans low: the one whose attempts all have a verdict is no better for that.
    told = route([found]).default
    assert (told.primary, told.fallback, told.basis) == ("a", "b", "none")
    assert "a 50% (the rest awaits a judge: `--mode rubric` asks about each" in told.reason
    # With failures in place of those that wait it is the other.
    failed = [attempt("a", f"t{t}", index=1, verdict=None) for t in range(8)]
    assert route([table("two", [*rows[:16], *failed])]).default.primary == "b"
    assert route([found], "wins").default.primary == "a"


def test_a_model_that_nothing_is_known_of_is_not_the_cheapest() -> None:
    """No price, and no time: replies recorded elsewhere may have neither."""
    rows = [attempt(m, f"t{t}", score=float(t % 2)) for m in ("slow", "fast", "a") for t in range(12)]
    seconds = {"slow": 5.0, "fast": 1.0, "a": 0.0}
    timed = [
        item.model_copy(update={"reply": item.reply.model_copy(update={"seconds": seconds[item.model]})})
        for item in rows
        if item.reply is not None
    ]
    found = route([table("night", timed)])
    assert (found.default.primary, found.default.fallback) == ("fast", "slow")
    assert found.default.reason == "no evidence: cheapest"
    assert found.runs == ("night",)
    nothing = [item for item in timed if item.model == "a"]
    nothing += [item.model_copy(update={"model": "b"}) for item in nothing]
    assert "price and time are unknown" in route([table("night", nothing)]).default.reason


def test_a_category_of_seven_tasks_has_no_model_of_its_own() -> None:
    """Though one model wins all of them, and p is small enough."""
    for number, basis in ((7, "overall"), (8, "category")):
        rows = [attempt("a", f"x{t}", category="x") for t in range(number)]
        rows += [attempt("b", f"x{t}", category="x", score=0) for t in range(number)]
        rows += [attempt(m, f"y{t}", category="y", score=float(m == "b")) for m in "ab" for t in range(20)]
        assert route([table("one", rows)]).routes["x"].basis == basis


def test_what_all_tasks_say_holds_where_a_category_says_nothing_else() -> None:
    """x separates poor from the others, all tasks middling from strong as well: then cheap middling gets nothing."""
    rows = []
    for kind in "xy":
        for t in range(9):
            scores = {"strong": 1.0, "middling": float(t > 3), "poor": 0.0}
            rows += [attempt(m, f"{kind}{t}", category=kind, score=score) for m, score in scores.items()]
    tables = [table("one", rows)]
    found = route(tables, prices={"strong": 9.0, "middling": 2.0, "poor": 1.0})
    assert (found.default.primary, found.default.reason) == ("strong", "best")
    x = found.routes["x"]
    assert (x.primary, x.basis, x.reason) == ("strong", "category", "best; worse over all tasks: middling")
    assert x.evidence is not None
    assert (x.evidence.n, x.evidence.against) == (9, "poor")


def test_a_category_that_says_the_opposite_of_all_tasks_is_right_about_itself() -> None:
    rows = [attempt(m, f"y{t}", category="y", score=float(m == "b")) for m in "ab" for t in range(40)]
    rows += [attempt(m, f"x{t}", category="x", score=float(m == "a")) for m in "ab" for t in range(12)]
    found = route([table("one", rows)])
    assert (found.default.primary, found.routes["x"].primary, found.routes["x"].reason) == ("b", "a", "best")


def test_a_circle_between_a_category_and_all_tasks_is_none_of_the_category_s() -> None:
    """In x a beats b; over all tasks b beats c and c beats a. d, told apart from nobody in x, is not the best of it."""
    x = {"a": 1.0, "b": 0.2, "c": 0.5, "d": 0.5}
    rows = [
        attempt(m, f"x{t:02d}", category="x", score=float((t * 7) % 10 < 10 * rate))
        for m, rate in x.items()
        for t in range(14)
    ]
    y = {"a": 0.1, "b": 0.9, "c": 0.5, "d": 0.5}
    rows += [
        attempt(m, f"y{t:02d}", category="y", score=float(t < 60 * rate)) for m, rate in y.items() for t in range(60)
    ]
    found = route([table("one", rows)], prices={"a": 1.0, "b": 1.0, "c": 1.0, "d": 9.0})
    assert found.routes["x"].primary == "a"
    both = np.zeros((4, 4), dtype=bool)
    both[1, 0] = both[2, 1] = both[0, 2] = True
    assert _circular(both)
    both[0, 2] = False
    assert not _circular(both)


def test_small_categories_do_not_use_up_the_correction() -> None:
    """Ten categories of three tasks can decide nothing, however they come out: 12 to 2 is told all the same."""

    def rows(names: list[str]) -> list[Attempt]:
        lost = {3, 20}
        return [
            attempt(m, f"t{t:02d}", category=names[t % len(names)], score=float((m == "a") != (t in lost)))
            for m in "ab"
            for t in range(30)
            if t < 14 or t in lost
        ]

    for names in (["one"], [f"c{i}" for i in range(10)]):
        found = route([table("one", rows(names))], prices={"b": 0.0, "a": 1.0})
        assert (found.default.primary, found.default.basis) == ("a", "overall"), names


def test_who_is_worse_than_another_is_no_equal_of_the_best() -> None:
    """a is alone in the top set; b, never seen beside it, is worse than c and much cheaper than both."""
    met = [("a", 1.0, range(20)), ("b", 0.0, range(17, 36)), ("c", 0.0, range(20)), ("c", 1.0, range(20, 36))]
    rows = [attempt(m, f"s/t{t:02d}", score=score) for m, score, tasks in met for t in tasks]
    found = route([table("one", rows)], prices={"a": 9.0, "b": 0.001, "c": 1.0}).default
    assert (found.primary, found.reason) == ("a", "best")
    assert found.not_told_apart == ("b",)


def test_who_has_no_verdict_at_all_is_named() -> None:
    waits = Verdict(outcome=Outcome.unscored, points=0, max_points=1)
    rows = [attempt(m, f"t{t:02d}", score=score) for m, score in (("a", 1.0), ("b", 0.0)) for t in range(12)]
    rows += [attempt("cheap", f"t{t:02d}", verdict=waits) for t in range(12)]
    found = route([table("one", rows)]).default
    assert (found.primary, found.fallback) == ("a", "b")
    assert "cheap 0% (the rest awaits a judge" in found.reason
    assert "cheap" not in route([table("one", rows)], models=["a", "b"]).default.reason


def test_failures_at_tasks_that_nobody_has_a_verdict_on_are_failures() -> None:
    waits = Verdict(outcome=Outcome.unscored, points=0, max_points=1)
    rows = [attempt(m, f"t{t:02d}", score=score) for m, score in (("a", 1.0), ("b", 0.0)) for t in range(12)]
    rows += [attempt(m, f"u{t}", verdict=verdict) for m, verdict in (("a", None), ("b", waits)) for t in range(3)]
    found = route([table("one", rows)]).default
    assert "a 80%, b 80%" in found.reason
    assert found.basis == "none"
