"""`harness compare` of judged runs, through stores as runs leave them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.store import Store
from harness.types import Outcome, Verdict
from tests.cli.conftest import Harness
from tests.judging.making import Bench
from tests.stats.compare.made import attempt

TASKS = [f"s/t{t:02d}" for t in range(12)]
Judged = Callable[..., Path]


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judged:
    """`judged("name", judge=model it ranks first)`: a run of conversations of a and b that only judges can decide."""
    monkeypatch.chdir(tmp_path)

    def make(name: str, **best: str) -> Path:
        bench = Bench()
        for judge, first in best.items():
            for task in TASKS:
                said = {
                    m: {"score": 9 if m == first else 4, "rank": 1 + (m != first), "passes": m == first} for m in "ab"
                }
                bench.ask(judge, task, said)
        bench.ask(next(iter(best)), "s/lost", {"a": {}, "b": {}}, reason="truncated")
        waits = Verdict(outcome=Outcome.unscored, points=0, max_points=1)
        with Store(tmp_path / "runs" / name) as store:
            for task in TASKS:
                for m in "ab":
                    store.save(attempt(m, task, kind="conversation", verdict=waits))
            for judgment in bench.judgments:
                store.save_judgment(judgment, bench.labels[judgment.id])
        return tmp_path / "runs" / name

    return make


@pytest.mark.parametrize("metric", ["judge", "wins"])
def test_a_judge_of_its_own_answers_decides_nothing_without_a_second_table(
    harness: Harness, judged: Judged, metric: str
) -> None:
    judged("one", a="a", k="b")
    found = harness("compare", "one", "--metric", metric, "--json").json
    # Two judges, one vote each: all alike. Without the one that is a contestant b is first.
    assert len({row["mean"] for row in found["spread"]}) == 1
    assert [(one["judge"], one["models"]) for one in found["judges"]["partial"]] == [
        ("a", {"a": "is a contestant itself"})
    ]
    without = {row["model"]: row for row in found["judges"]["without"]}
    assert without["b"]["mean"] > without["a"]["mean"]
    assert (without["b"]["best_rank"], without["b"]["worst_rank"]) == (1, 1)
    assert "Not impartial: the judge a is a contestant itself." in found["notes"]
    (pair,) = found["judges"]["said"]["agreement"]
    assert (pair["questions"], pair["same_winner"]["value"]) == (12, 0.0)
    asked = {cover["judge"]: (cover["asked"], cover["scored"]) for cover in found["judges"]["said"]["coverage"]}
    assert asked == {"a": (13, 12), "k": (12, 12)}


def test_votes_of_partial_judges_are_gone_too(harness: Harness, judged: Judged) -> None:
    judged("one", a="a", b="a", k="b")
    found = harness("compare", "one", "--metric", "pass", "--json").json
    assert {row["model"]: row["mean"] for row in found["spread"]} == {"a": 1, "b": 0}
    assert {row["model"]: row["mean"] for row in found["judges"]["without"]} == {"a": 0, "b": 1}
    # Who is not compared is no contestant. Without b the other two are of two minds, which is no verdict.
    alone = harness("compare", "one", "--metric", "pass", "--model", "b", "--json").json
    assert [one["judge"] for one in alone["judges"]["partial"]] == ["b"]
    assert alone["judges"]["without"] == []
    assert any("nothing is left" in note for note in alone["notes"])


def test_table_page_and_csv(harness: Harness, judged: Judged, tmp_path: Path) -> None:
    judged("one", a="a", k="b")
    judged("two", a="a", k="b")
    done = harness("compare", "one", "two", "--metric", "judge", "--out", "there", "--csv", "numbers.csv")
    assert done.code == 0, done.err
    assert "without partial judges" in done.out
    row = next(line for line in done.out.splitlines() if "a - k" in line)
    assert " 0% " in row
    assert "k, place in the order: " in done.out
    page = (tmp_path / "there" / "compare.html").read_text(encoding="utf-8")
    assert 'id="judges"' in page
    assert "a: is a contestant itself" in page
    rows = list(csv.DictReader(io.StringIO((tmp_path / "numbers.csv").read_text(encoding="utf-8"))))
    sections = {row["section"] for row in rows}
    assert {"partial", "judge", "bias", "agreement", "without_partial"} <= sections
    asked = [row["value"] for row in rows if (row["section"], row["model"], row["metric"]) == ("judge", "a", "asked")]
    assert asked == ["26"]


def test_nobody_is_left_without_the_only_judge(harness: Harness, judged: Judged) -> None:
    judged("one", a="a")
    found = harness("compare", "one", "--metric", "judge", "--json").json
    assert found["judges"]["without"] == []
    assert any("nothing is left" in note for note in found["notes"])


def test_no_judges_no_page(harness: Harness, judged: Judged, tmp_path: Path) -> None:
    judged("one", k="b")
    found = harness("compare", "one", "--metric", "judge", "--json").json
    assert (found["judges"]["partial"], found["judges"]["without"]) == ([], [])
    assert not any("impartial" in note for note in found["notes"])
    with Store(tmp_path / "runs" / "two") as store:
        for task in TASKS:
            store.save(attempt("a", task))
    done = harness("compare", "two", "--json", "--out", "there")
    assert done.json["judges"] is None
    assert 'id="judges"' not in (tmp_path / "there" / "compare.html").read_text(encoding="utf-8")
