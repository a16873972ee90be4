"""All numbers together: whatever marks there are, an analysis comes out that can be written and read back."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judging.analysis.conflicts import Mechanical
from harness.judging.analysis.sheet import Cell
from harness.judging.analysis.whole import Judged, judged
from harness.types import DIMENSIONS, JudgeMode
from tests.judging.making import Bench

MODES: tuple[JudgeMode, ...] = ("listwise", "rubric", "pairwise")
models = st.sampled_from(["a", "b", "c", "<d>"])
candidate = st.fixed_dictionaries({
    "scores": st.dictionaries(st.sampled_from(DIMENSIONS), st.integers(1, 10).map(float)),
    "rank": st.one_of(st.none(), st.integers(1, 4)),
    "rubric": st.one_of(st.none(), st.integers(0, 3)),
    "passes": st.one_of(st.none(), st.booleans()),
    "characters": st.integers(0, 300),
    "attempt": st.integers(0, 1),
})  # fmt: skip
question = st.tuples(
    st.sampled_from(["a", "j", "k"]), st.integers(0, 3), st.integers(0, 1), st.sampled_from(MODES),
    st.dictionaries(models, candidate, min_size=1), st.sampled_from(["", "", "truncated", "no reply"]),
)  # fmt: skip


def asked(rows: list[tuple[Any, ...]]) -> Bench:
    bench = Bench()
    for number, (judge, task, repeat, mode, said, ending) in enumerate(rows):
        keys = {"error": ending} if ending == "no reply" else {"reason": ending}
        bench.ask(judge, f"s/{task}", said, mode=mode, repeat=repeat, part=str(number), **keys)
    return bench


@settings(max_examples=150, deadline=None)
@given(st.lists(question, max_size=12), st.dictionaries(models, st.sampled_from(["x", "y"])))
def test_any_marks_give_an_analysis(rows: list[tuple[Any, ...]], families: dict[str, str]) -> None:
    bench = asked(rows)
    mechanical = {Cell.of(one): Mechanical(2, ("max_words",) * (one.slot % 2)) for one in bench.marked}
    found = judged(
        bench.judgments, bench.marked, labels=bench.labels, families={**families, "j": "x"}, mechanical=mechanical
    )
    assert (found is None) == (not rows)
    if found is None:
        return
    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert Judged.model_validate_json(text) == found
    assert sum(cover.asked for cover in found.coverage) == len(rows)
    missing = [item for item in bench.judgments if not item.scored]
    assert sum(found.unscored.values()) == sum(len(bench.labels[item.id]) for item in missing)
    for ranking in found.rankings:
        for table in (ranking.panel, *ranking.judges):
            wins = sum(one.wins for one in table.models)
            chances = sum((one.chance or 0) * one.comparisons for one in table.models)
            assert wins <= sum(one.comparisons for one in table.models) + 1e-9
            assert math.isfinite(chances)
            for one in table.models:
                for score in (one.win, one.total, one.rubric, one.rank, one.passes):
                    if score.value is not None:
                        assert score.low is not None
                        assert score.high is not None
                        assert score.low - 1e-9 <= score.value <= score.high + 1e-9


def test_nothing_depends_on_what_missing_readings_would_have_said() -> None:
    """Rejected readings with marks in their labels change counts, and no mean, win or agreement."""
    said = {"a": {"score": 8, "rank": 1}, "b": {"score": 4, "rank": 2}}
    whole, holes = Bench(), Bench()
    for judge in ("j", "k"):
        for task in range(6):
            for bench in (whole, holes):
                bench.ask(judge, f"s/{task}", said)
        for task in range(6, 12):
            holes.ask(judge, f"s/{task}", said, reason="truncated")
    one = judged(whole.judgments, whole.marked, labels=whole.labels)
    other = judged(holes.judgments, holes.marked, labels=holes.labels)
    assert one is not None
    assert other is not None
    assert (one.bias, one.agreement, one.group, one.families) == (
        other.bias,
        other.agreement,
        other.group,
        other.families,
    )
    assert one.panel is not None
    assert other.panel is not None
    for a, b in zip(one.panel.models, other.panel.models, strict=True):
        assert a == b.model_copy(update={"unscored": 0})
        assert b.unscored == 12


def test_a_mean_of_fewer_tasks_than_others_says_so() -> None:
    bench = Bench()
    for task in range(4):
        marks = {"a": {"score": 8, "rank": 1}, "b": {"score": 5, "rank": 2}}
        bench.ask("j", f"s/t{task}", marks if task else {"a": marks["a"]})
    found = judged(bench.judgments, bench.marked, labels=bench.labels)
    assert found is not None
    assert [found.fewer(model) for model in ("a", "b", "c")] == [None, 3, None]
