"""Drift between two judgings: identical items only, over tasks, in percentage points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.drift import Drift, Item, Items, Key, ModelDrift, drift, items_of, scales_of
from harness.stats.inputs import ReportInput
from harness.types import DIMENSIONS, Attempt, Candidate, Extraction, Mark, Marked, Outcome, Reply, Verdict


def items(values: dict[tuple[str, str], float | None], text: str = "") -> dict[Key, Item]:
    return {Key(task, model, 0, 0): Item(value, text) for (task, model), value in values.items()}


def of(found: Drift, model: str) -> ModelDrift:
    return next(row for row in found.models if row.model == model)


def test_the_published_deltas_are_percentage_points() -> None:
    before = items({("t", "a"): 0.87, ("t", "b"): 0.93})
    after = items({("t", "a"): 29 / 36, ("t", "b"): 19 / 24})
    found = drift(before, after, "score")
    assert [round(row.delta.value or 0.0) for row in found.models] == [-6, -14]
    # One task cannot be tested, and says nothing about others.
    assert of(found, "a").p == 1.0
    low, high = of(found, "a").delta.low, of(found, "a").delta.high
    assert low is not None
    assert high is not None
    assert low < -40 < 40 < high


def test_only_identical_items_are_compared() -> None:
    key = Key("t", "m", 0, 0)
    before = {
        key: Item(1.0, "x"),
        key._replace(task="u"): Item(1.0, "x"),
        key._replace(repeat=1): Item(1.0),
        key._replace(attempt=1): Item(None),
        key._replace(attempt=2): Item(None),
        key._replace(attempt=3): Item(1.0),
    }
    after = {
        key: Item(0.0, "x"),
        key._replace(task="u"): Item(0.0, "other"),
        key._replace(repeat=2): Item(1.0),
        key._replace(attempt=1): Item(0.5),
        key._replace(attempt=2): Item(None),
        key._replace(attempt=3): Item(None),
    }
    found = drift(before, after, "score")
    assert found.overall.items == of(found, "m").items == 1
    assert found.left_out == {
        "m": {
            "another reply": 1,
            "not scored in either": 1,
            "not scored in the first": 1,
            "not scored in the second": 1,
            "only in the first": 1,
            "only in the second": 1,
        }
    }


def test_tasks_are_the_unit() -> None:
    """Twenty copies of one task are one task: its sign can be flipped once."""
    before = {Key("t", "m", repeat, 0): Item(0.0) for repeat in range(20)}
    after = {Key("t", "m", repeat, 0): Item(1.0) for repeat in range(20)}
    row = of(drift(before, after, "score"), "m")
    assert (row.items, row.tasks, row.p, row.up) == (20, 1, 1.0, 20)


def test_the_anchor_of_the_sign_flip_test() -> None:
    moves = [2, 1, 3, 0, 1, -1, 2, 1]
    before = items({(f"t{n}", "m"): 0.5 for n in range(8)})
    after = items({(f"t{n}", "m"): 0.5 + move / 100 for n, move in enumerate(moves)})
    row = of(drift(before, after, "score"), "m")
    assert row.p == pytest.approx(20 / 256)
    assert (row.up, row.down, row.moved_share) == (6, 1, 7 / 8)
    assert row.delta.value == pytest.approx(sum(moves) / 8)


def test_holm_is_over_the_models() -> None:
    before = items({(f"t{n}", model): 0.0 for n in range(8) for model in "abc"})
    after = items({(f"t{n}", model): float(model == "a") for n in range(8) for model in "abc"})
    found = drift(before, after, "score")
    assert of(found, "a").p == pytest.approx(2 / 256)
    assert of(found, "a").adjusted_p == pytest.approx(6 / 256)
    assert of(found, "b").adjusted_p == 1.0


def test_other_totals_are_counted() -> None:
    before = {Key("t", "m", 0, 0): Item(0.9, out_of=27)}
    assert drift(before, {Key("t", "m", 0, 0): Item(0.8, out_of=36)}, "score").other_totals == 1
    assert drift(before, before, "score").other_totals == 0


VALUE = st.none() | st.sampled_from([0.0, 1 / 3, 2 / 3, 1.0])
SIDE = st.dictionaries(st.tuples(st.sampled_from("tuv"), st.sampled_from("abc")), VALUE, max_size=9).map(items)


@settings(max_examples=200, deadline=None)
@given(SIDE, SIDE)
def test_turned_round_every_delta_changes_its_sign(one: Items, two: Items) -> None:
    there, back = drift(one, two, "rubric"), drift(two, one, "rubric")
    for row, other in zip(there.models, back.models, strict=True):
        assert (row.items, row.up, row.down, row.p) == (other.items, other.down, other.up, other.p)
        if row.items:
            assert row.delta.value == pytest.approx(-(other.delta.value or 0.0))
            assert row.before == other.after
    same = drift(one, one, "rubric")
    assert same.moved == ()
    assert all(row.delta.value in (0.0, None) for row in same.models)
    counted = sum(row.items for row in there.models) + sum(sum(why.values()) for why in there.left_out.values())
    assert counted == len({*one, *two})


def attempt(model: str, outcome: Outcome = Outcome.wrong_answer, points: float = 1.0) -> Attempt:
    return Attempt(
        task="t", suite="s", category="c", kind="conversation", model=model, repeat=0, attempt=0, seed=None, solver="x",
        reply=Reply(text=f"of {model}"), verdict=Verdict(outcome=outcome, points=points, max_points=4.0),
    )  # fmt: skip


def marked(judge: str, model: str, mark: Mark) -> Marked:
    return Marked(
        judgment=f"{judge}{model}{mark.rubric}", purpose="compare", mode="rubric", judge=judge, task="t", repeat=0,
        part="", model=model, attempt=0, slot=0, of=1, characters=1, mark=mark,
    )  # fmt: skip


def test_marks_and_verdicts_are_shares_of_their_scale() -> None:
    five = Mark(label="A", scores=dict.fromkeys(DIMENSIONS, 10.0))
    said = [
        marked("J", "a", Mark(label="A", rubric=2)),
        marked("J", "a", Mark(label="A", rubric=3)),
        marked("J", "b", five),
        marked("K", "a", Mark(label="A", rank=1)),
    ]
    report = ReportInput(
        name="r", attempts=[attempt("a"), attempt("b", Outcome.unscored), attempt("c", Outcome.passed, 4)], marked=said
    )
    assert (scales_of(said, "J"), scales_of(said, "K")) == ({"rubric", "dimensions"}, set())

    def values(judge: str | None, scale: str) -> list[float | None]:
        found = items_of(report, judge, scale)  # type: ignore[arg-type]
        assert len({item.text for item in found.values()}) == 3
        return [found[Key("t", model, 0, 0)].value for model in "abc"]

    assert values("J", "rubric") == [pytest.approx(2.5 / 3), None, None]
    assert values("J", "dimensions") == [None, 1.0, None]
    assert values(None, "verdict") == [0.0, None, 1.0]
    assert values(None, "score") == [0.25, None, 1.0]


def test_a_conversation_is_another_one_where_an_earlier_turn_differs() -> None:
    def held(*said: str) -> Items:
        files = {**{f"turn{i}.md": text for i, text in enumerate(said[:-1], 1)}, "reply.md": said[-1]}
        done = attempt("m").model_copy(
            update={
                "kind": "conversation",
                "reply": Reply(text=said[-1]),
                "extraction": Extraction(candidate=Candidate(files=files), choice="two replies"),
            }
        )
        return items_of(ReportInput(name="r", attempts=[done]), None, "score")

    assert drift(held("a", "end"), held("a", "end"), "score").overall.items == 1
    assert drift(held("a", "end"), held("b", "end"), "score").left_out == {"m": {"another reply": 1}}
    alone = attempt("m").model_copy(update={"reply": Reply(text="end")})
    assert (
        drift(held("end"), items_of(ReportInput(name="r", attempts=[alone]), None, "score"), "score").overall.items == 1
    )
