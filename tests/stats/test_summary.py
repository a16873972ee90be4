"""summarise(): what is counted, what is left out, and that both are said."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harness.stats.numbers import ModelSummary, Summary
from harness.stats.score import Score
from harness.stats.summary import summarise
from harness.types import (
    AgentEnding,
    AgentRecord,
    Attempt,
    Candidate,
    CaseResult,
    Extraction,
    Outcome,
    Reply,
    Selection,
    Try,
    Usage,
    Verdict,
)

PASSED, WRONG, INFRA = Outcome.passed, Outcome.wrong_answer, Outcome.infra_error


def attempt(
    task: str = "s/a",
    index: int = 0,
    outcome: Outcome | None = PASSED,
    *,
    model: str = "m",
    repeat: int = 0,
    visible: float = 1.0,
    points: float | None = None,
    code: str | None = None,
    **more: object,
) -> Attempt:
    """One attempt with one visible and one hidden case."""
    verdict = None
    if outcome is not None:
        got = (10.0 if outcome is PASSED else 0.0) if points is None else points
        shown = CaseResult(id="v", outcome=outcome, visible=True, points=visible, max_points=1)
        verdict = Verdict(outcome=outcome, points=got, max_points=10, cases=(shown,), detail="why")
    candidate = Candidate(files={"solution.py": code if code is not None else f"{task} {index}"})
    fields: dict[str, object] = {
        "task": task, "suite": "s", "category": "parser", "kind": "function", "model": model, "repeat": repeat,
        "attempt": index, "seed": index, "solver": "single_shot", "verdict": verdict,
        "extraction": Extraction(candidate=candidate, choice="the only block", fenced=index == 0),
        "reply": Reply(text="x", seconds=2.0, usage=Usage(prompt_tokens=10, completion_tokens=40)),
        "seconds": 3.0,
    }  # fmt: skip
    return Attempt.model_validate(fields | more)


def pick(task: str, index: int, *, model: str = "m", repeat: int = 0, method: str = "verifier") -> Selection:
    return Selection.model_validate(
        {"task": task, "model": model, "repeat": repeat, "attempt": index, "method": method, "reason": "most points"}
    )


def test_nothing_at_all() -> None:
    assert summarise([]) == Summary(models=())
    assert summarise([]).tasks == ()


def test_one_task() -> None:
    rows = [attempt(index=i, outcome=PASSED if i < 2 else WRONG, visible=float(i < 2)) for i in range(5)]
    (model,) = summarise(rows, [pick("s/a", 0)]).models
    assert model.pass_at_1.value == pytest.approx(0.4)
    assert (model.pass_at_1.low, model.pass_at_1.high) == pytest.approx((0.1176, 0.7693), abs=5e-5)
    assert "not for other tasks" in model.pass_at_1.note
    assert (model.selected.value, model.oracle.value, model.hit_rate.value) == (1, 1, 1)
    assert model.selected.low is not None
    assert model.selected.low < 0.3
    assert model.best_of == 5
    assert [p.k for p in model.curve] == [1, 2, 3, 4, 5]
    assert [p.oracle.value for p in model.curve] == pytest.approx([0.4, 0.7, 0.9, 1, 1])
    assert [p.selected.value for p in model.curve] == pytest.approx([0.4, 0.7, 0.9, 1, 1])
    assert [p.mean.value for p in model.curve] == pytest.approx([0.4] * 5)
    assert model.fence_rate.value == pytest.approx(0.2)
    assert model.distinct.value == 1
    assert model.outcomes == {"passed": 2, "wrong_answer": 3}
    assert (model.by_task[0].hits, model.by_task[0].graded, model.by_task[0].distinct) == (2, 5, 5)
    assert model.task("s/a") is model.by_task[0]
    assert model.task("s/b") is None


def test_repeats_are_nested_in_tasks() -> None:
    patterns = {"s/a": (1, 1, 1), "s/b": (0, 0, 0), "s/c": (1, 1, 0), "s/d": (1, 0, 1)}
    rows = [
        attempt(task, 0, PASSED if hit else WRONG, repeat=repeat)
        for task, hits in patterns.items()
        for repeat, hit in enumerate(hits)
    ]
    (model,) = summarise(rows).models
    assert model.pass_at_1.value == pytest.approx(0.58333, abs=5e-6)
    assert (model.pass_at_1.n, model.repeats, model.best_of) == (4, 3, 1)
    assert model.pass_at_1.method == "wilson-clustered"


def test_what_awaits_a_judge_is_in_no_rate_and_counted() -> None:
    rows = [attempt("s/a", 0), attempt("s/a", 1, Outcome.unscored), attempt("s/b", 0, Outcome.unscored)]
    (model,) = summarise(rows).models
    assert (model.pass_at_1.value, model.pass_at_1.n, model.mean_score.value) == (1.0, 1, 1.0)
    assert model.pass_at_1.note.endswith(
        "2 of 3 attempts are unscored, as no judge says whether they pass, and are left out."
    )
    assert "no verdict" not in model.pass_at_1.note
    assert (model.coverage.graded, model.coverage.unscored, model.coverage.tasks_without_grade) == (1, 2, ("s/b",))
    assert model.outcomes == {"passed": 1, "unscored": 2}
    (model,) = summarise([*rows, attempt("s/c", 0, INFRA)]).models
    assert "1 of 4 attempts have no verdict and are left out. 2 of 4 attempts are unscored" in model.pass_at_1.note


def test_what_has_no_verdict_is_left_out_and_counted() -> None:
    rows = [
        attempt("s/a", 0),
        attempt("s/a", 1, INFRA),
        attempt("s/a", 2, None, error="429 from the server\nmore", extraction=None, reply=None),
        attempt("s/a", 3, None),
        attempt("s/b", 0, None, error="429 from the server"),
        attempt("s/c", 0, WRONG),
    ]
    (model,) = summarise(rows, [pick("s/a", 1)]).models
    assert model.pass_at_1.value == 0.5
    assert "4 of 6 attempts have no verdict" in model.pass_at_1.note
    cover = model.coverage
    assert (cover.attempts, cover.graded, cover.provider_failures, cover.infra_errors, cover.ungraded) == (
        6,
        2,
        2,
        1,
        1,
    )
    assert cover.failures == {"429 from the server": 2, "sandbox: why": 1}
    assert cover.tasks_without_grade == ("s/b",)
    assert (cover.unselected, cover.unusable_selections) == (2, 1)
    assert model.selected.value is None
    assert model.outcomes == {"passed": 1, "wrong_answer": 1, "infra_error": 1}


def test_all_attempts_failed_to_arrive() -> None:
    (model,) = summarise([attempt("s/a", i, None, error="unreachable") for i in range(3)]).models
    assert (model.pass_at_1.value, model.curve, model.best_of) == (None, (), 0)
    assert model.by_task[0].pass_at_1.value is None
    assert model.coverage.provider_failures == 3


def test_tasks_without_selection_are_said() -> None:
    rows = [attempt(task, i) for task in ("s/a", "s/b") for i in range(2)]
    (model,) = summarise(rows, [pick("s/a", 1, method="vote")]).models
    assert (model.selected.value, model.selected.n) == (1, 1)
    assert "1 task repeat has no usable selection" in model.selected.note
    assert model.coverage.selection_methods == {"vote": 1}


def test_totals_and_unknown_cost() -> None:
    blind = Reply(text="", thinking="hm", finish_reason="length", seconds=1)
    rows = [attempt(index=0, cost_usd=0.5), attempt(index=1), attempt(index=2, reply=blind)]
    (model,) = summarise(rows).models
    totals = model.totals
    assert (totals.cost_usd, totals.cost_known) == (0.5, 1)
    assert (totals.prompt_tokens, totals.completion_tokens, totals.tokens_known) == (20, 80, 2)
    assert totals.tokens_per_s == pytest.approx(20)
    assert (totals.model_s, totals.total_s) == (5, 9)
    cover = model.coverage
    assert (cover.empty_replies, cover.thinking_only, cover.cut_by_length) == (1, 1, 1)
    assert summarise([attempt()]).models[0].totals.cost_usd is None


def agent(before: Outcome | None = None, **more: object) -> AgentRecord:
    """What an agent did; `before`: the outcome of its first try, after which it was told of hidden tests."""
    tries = (Try(candidate=None, verdict=Verdict(outcome=before), told="test_a failed"),) if before else ()
    facts: dict[str, object] = {"agent": "aider 1", "ending": AgentEnding.finished, "earlier": tries, "calls": 2}
    return AgentRecord.model_validate(facts | more)


def test_the_first_try_of_agents_and_the_last() -> None:
    rows = [
        attempt("s/a", 0, PASSED, agent=agent(WRONG, start_s=1.0, wall_s=10.0)),
        attempt("s/a", 1, WRONG, agent=agent(WRONG, start_s=3.0, wall_s=20.0)),
        attempt("s/b", 0, PASSED, agent=agent(start_s=2.0, wall_s=30.0)),
        attempt("s/b", 1, PASSED, agent=agent(start_s=9.0)),
        attempt("s/c", 0, WRONG, agent=agent(ending=AgentEnding.timeout)),
        # In no rate, but in all that counts what agents did.
        attempt("s/c", 1, INFRA, agent=agent(WRONG, agent="aider 2")),
    ]
    (model,) = summarise(rows).models
    found = model.agents
    assert found is not None
    assert found.first_try.value == pytest.approx(1 / 3)
    assert found.last_try == mean_without_note(model)
    assert found.last_try.value == pytest.approx(1 / 2)
    assert found.first_try.n == found.last_try.n == 3
    for score in (found.first_try, found.last_try):
        assert score.value is not None
        assert score.low is not None
        assert score.high is not None
        assert 0 < score.low < score.value < score.high < 1
    assert (found.attempts, found.told, found.names) == (6, 3, ("aider 1", "aider 2"))
    assert (found.calls, found.start_s, found.wall_s) == (12, 1.5, 60.0)
    assert found.endings == {"finished": 5, "timeout": 1}


def mean_without_note(model: ModelSummary) -> Score:
    """The pass rate of the last try is pass@1, but for what is said about attempts that were left out."""
    assert model.agents is not None
    return model.pass_at_1.model_copy(update={"note": model.agents.last_try.note})


def test_what_agents_counted() -> None:
    rows = [
        attempt(index=0, agent=agent(counts={"turns": 2, "edit_errors": 0}, refused=3)),
        attempt(index=1, agent=agent(counts={"turns": 1, "malformed": 1})),
        attempt(index=2, agent=agent(counts={"edit_errors": 2, "own": 5}, left=("conftest.py: new", "x: deleted"))),
    ]
    found = summarise(rows).models[0].agents
    assert found is not None
    assert found.counts == {"edit_errors": 2, "malformed": 1, "own": 5, "turns": 3}
    assert (found.well_formed, found.left, found.refused, found.told) == (1, 1, 3, 0)
    assert found.first_try == found.last_try


def test_one_model_with_agents_and_one_without() -> None:
    handed = Extraction(candidate=Candidate(files={"a.py": "x"}), choice="1 file changed", handed_over=True)
    silent = Reply(text="", finish_reason="finished", seconds=2.0, usage=Usage(prompt_tokens=10, completion_tokens=40))
    rows = [
        attempt(index=0, model="m", agent=agent(WRONG), extraction=handed, reply=silent),
        attempt(index=1, model="m", outcome=WRONG),
        attempt(index=0, model="n"),
    ]
    mixed, other = summarise(rows).models
    assert mixed.agents is not None
    assert (mixed.agents.attempts, mixed.agents.first_try.value, mixed.agents.last_try.value) == (1, 0, 0.5)
    assert mixed.coverage.empty_replies == 0, "an agent has no reply that could be empty"
    assert mixed.fence_rate.value == 0, "of the one in which a candidate was looked for"
    assert other.agents is None
    assert other == summarise(rows[2:]).models[0]
    only = summarise(rows[:1]).models[0]
    assert only.fence_rate.value is None
    assert Summary.model_validate_json(summarise(rows).model_dump_json()) == summarise(rows)


def test_an_agent_without_a_reply_is_counted() -> None:
    (model,) = summarise([attempt(agent=agent(), reply=None, extraction=None, outcome=None, error="down")]).models
    assert model.agents is not None
    assert (model.agents.attempts, model.agents.last_try.value) == (1, None)


def test_categories_are_marked_when_small() -> None:
    rows = [attempt(f"s/p{i}", 0, category="parser") for i in range(9)]
    rows += [attempt("s/d", 0, WRONG, category="dates")]
    dates, parser = summarise(rows).models[0].categories
    assert (dates.category, dates.underpowered, dates.pass_at_1.value) == ("dates", True, 0)
    assert (parser.tasks, parser.underpowered, parser.pass_at_1.value) == (9, False, 1)


def test_models_keep_their_order_and_their_rows() -> None:
    rows = [attempt(model="z"), attempt(model="a", outcome=WRONG)]
    summary = summarise(iter(rows))
    assert [(m.model, m.pass_at_1.value) for m in summary.models] == [("z", 1), ("a", 0)]
    assert Summary.model_validate_json(summary.model_dump_json()) == summary


def test_order_of_arrival_changes_nothing() -> None:
    rows = [
        attempt(f"s/{t}", i, PASSED if (t + i) % 3 else WRONG, repeat=r)
        for t in range(5)
        for i in range(4)
        for r in (0, 1)
    ]
    picks = [pick(f"s/{t}", 1, repeat=r) for t in range(5) for r in (0, 1)]
    (forward,), (backward,) = summarise(rows, picks).models, summarise(rows[::-1], picks[::-1]).models
    assert forward.by_task == backward.by_task
    for name in ("pass_at_1", "selected", "oracle", "recovery", "distinct"):
        one, other = getattr(forward, name), getattr(backward, name)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


@pytest.mark.timeout(60)
def test_a_hundred_thousand_attempts_take_seconds() -> None:
    passed, wrong = attempt(), attempt(outcome=WRONG)

    def stream() -> Iterator[Attempt]:
        for task in range(2500):
            for model in ("m", "n"):
                for index in range(20):
                    base = passed if (task * 7 + index) % 3 else wrong
                    yield base.model_copy(update={"task": f"s/{task}", "model": model, "attempt": index})

    picks = [pick(f"s/{task}", 3, model=model) for task in range(2500) for model in ("m", "n")]
    start = time.process_time()
    summary = summarise(stream(), picks)
    assert time.process_time() - start < 20
    assert [m.coverage.attempts for m in summary.models] == [50_000, 50_000]


def test_tasks_without_a_grade_give_a_category_no_power() -> None:
    rows = [attempt(f"s/p{i}", 0, PASSED if i < 7 else INFRA) for i in range(12)]
    (parser,) = summarise(rows).models[0].categories
    assert (parser.tasks, parser.pass_at_1.n, parser.underpowered) == (12, 7, True)


def waiting(task: str, index: int, *cases: CaseResult) -> Attempt:
    """A reply in a conversation that only a judge could say more of."""
    return attempt(task, index, None, kind="conversation", verdict=Verdict(outcome=Outcome.unscored, cases=cases))


def test_a_rate_that_waits_for_judges_says_how_far_it_leans() -> None:
    met = CaseResult(id="max_words", outcome=PASSED, points=1)
    judge = CaseResult(id="judge", outcome=Outcome.unscored, max_points=0)
    failed = [attempt("s/a", i, WRONG) for i in range(2)]
    rows = [*failed, waiting("s/a", 2, met, judge), waiting("s/b", 0, met, judge), attempt("s/c", 0, PASSED)]
    (model,) = summarise(rows).models
    assert model.pass_at_1.value == pytest.approx(0.5), "over s/a and s/c: what is known"
    assert model.pass_at_most == pytest.approx((1 / 3 + 1 + 1) / 3)
    assert "judged, it could be 78%" in model.pass_at_1.note
    # Repeats weigh the same, however many of their attempts are graded: as pass@1 has them.
    more = [attempt("s/a", i, WRONG, repeat=1) for i in range(3)]
    late = waiting("s/a", 3, met, judge).model_copy(update={"repeat": 1})
    (uneven,) = summarise([attempt("s/a", 0, PASSED), *more, late]).models
    assert (uneven.pass_at_1.value, uneven.pass_at_most) == (0.5, 0.625)
    # Without criteria nothing that fails is counted before a judge has spoken: nothing leans.
    (open_only,) = summarise([waiting("s/d", 0), waiting("s/d", 1, judge), attempt("s/c", 0, PASSED)]).models
    assert open_only.pass_at_most is None
    assert "it could be" not in open_only.pass_at_1.note
    (plain,) = summarise([attempt()]).models
    assert plain.pass_at_most is None
