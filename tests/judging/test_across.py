"""The judges of several runs, taken together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.judging.analysis.across import ITSELF, KIN, JudgedComparison, Judges, heard
from harness.judging.analysis.families import joined
from harness.stats.compare import compare
from harness.stats.inputs import ReportInput
from tests.judging.making import Bench
from tests.stats.compare.made import runs


def report(bench: Bench, families: Mapping[str, str] | None = None) -> ReportInput:
    return ReportInput(
        name="r", attempts=(), judgments=bench.judgments, marked=bench.marked, labels=bench.labels,
        families=families or {},
    )  # fmt: skip


def asked(*judges: str, tasks: int = 4, turned: bool = False) -> Bench:
    """Every judge ranks a before b; with `turned` the last one the other way round."""
    bench = Bench()
    for judge in judges:
        first = 2 if turned and judge == judges[-1] else 1
        for task in range(tasks):
            bench.ask(judge, f"s/t{task}", {"a": {"score": 9 - first, "rank": first},
                                           "b": {"score": 5 + first, "rank": 3 - first}})  # fmt: skip
    return bench


def test_families_of_runs_are_joined_where_labels_differ() -> None:
    # Without a family in the catalogue twins are called by the first of them, which is not the same in every run.
    found = joined([{"j": "a", "a": "a"}, {"j": "Q", "b": "q"}, {"x": "other"}])
    assert found["j"] == found["a"] == found["b"] != found["x"]
    assert joined([]) == {}


def test_the_same_questions_of_two_runs_are_two() -> None:
    one, two = asked("j", "k"), asked("j", "k", turned=True)
    found = heard([report(one), report(two)], [["a", "b"]] * 2)
    assert found is not None
    # Ids, tasks and repeats are the same in both runs; nothing of the second may stand for the first.
    (pair,) = found.said.agreement
    assert pair.questions == 8
    assert pair.same_winner.value == 0.5
    assert pair.same_winner.n == 4  # tasks are what is drawn
    assert {cover.asked for cover in found.said.coverage} == {8}
    assert found.partial == ()
    assert found.impartial == ("j", "k")


def test_a_lost_question_is_its_own_runs() -> None:
    lost = asked("j")
    lost.ask("j", "s/lost", {"a": {}, "b": {}}, reason="truncated")
    found = heard([report(asked("j")), report(lost)], [["a", "b"]] * 2)
    assert found is not None
    assert found.said.unscored == {"a": 1, "b": 1}
    assert found.said.unattributed == 0


def test_questions_that_were_not_asked_are_told_of_all_runs() -> None:
    left = [replace(report(asked("j")), unasked={("compare", "listwise", "j"): number}) for number in (2, 3)]
    found = heard(left, [["a", "b"]] * 2)
    assert found is not None
    assert [(cover.asked, cover.not_asked) for cover in found.said.coverage] == [(8, 5)]


def test_who_is_partial_to_whom() -> None:
    kin = {"k": "q", "b": "Q"}
    found = heard([report(asked("a", "k", "z"), kin)], [["a", "b"]])
    assert found is not None
    assert [(one.judge, one.models) for one in found.partial] == [("a", {"a": ITSELF}), ("k", {"b": KIN})]
    assert found.impartial == ("z",)
    # Not among those that are compared, or no contestant of the run it judged.
    for contestants in ([["b"], ["b"]], [["b"], ["a", "b"]]):
        apart = heard([report(asked("a")), report(asked("z"))], contestants)
        assert apart is not None
        assert apart.partial == ()
    assert heard([report(Bench())], [["a"]]) is None


def test_notes_name_partial_judges() -> None:
    plain = compare(runs([{"a": [1.0, 0.0], "b": [0.0, 0.0]}]))
    found = heard([report(asked("a"))], [["a", "b"]])
    assert found is not None
    told = JudgedComparison.of(plain, Judges(partial=found.partial, without=(), said=found.said))
    assert "Not impartial: the judge a is a contestant itself." in told.notes
    assert "nothing is left" in told.notes[-1]
    assert JudgedComparison.model_validate(told.model_dump(mode="json")) == told
    assert JudgedComparison.of(plain, None).notes == plain.notes


def test_judges_of_other_systems_are_known_by_their_names() -> None:
    """Recorded judges have no entry in a catalogue, and models in roles are the models."""
    found = heard([report(asked("import:a", "import:b", "import:c"))], [["a", "b (ingest)", "bb (x)"]])
    assert found is not None
    assert [(one.judge, one.models) for one in found.partial] == [
        ("import:a", {"a": ITSELF}), ("import:b", {"b (ingest)": ITSELF}),
    ]  # fmt: skip
    assert found.impartial == ("import:c",)
    kin = heard([report(asked("import:b"), {"b (ingest)": "Q", "a": "q"})], [["a", "b (ingest)"]])
    assert kin is not None
    assert kin.partial[0].models == {"a": KIN, "b (ingest)": ITSELF}
    gap = heard([report(asked("import:a", "import:c"))], [["a", "b"]])
    assert gap is not None
    assert [row.own_family for row in gap.said.rankings[0].judges[0].models] == [True, False]
