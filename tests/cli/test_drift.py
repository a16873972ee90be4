"""`harness drift`: two runs, or two judges of one run; scales that do not match are refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.store import Store
from harness.types import DIMENSIONS
from tests.cli.conftest import Harness

Made = Callable[..., Path]


@pytest.fixture
def run(harness: Harness, tmp_path: Path) -> Made:
    """Rows -> the run they are imported as."""

    def made(name: str, rows: Sequence[dict[str, Any]]) -> Path:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert harness("import", path, "--name", name, "--out", tmp_path / "runs", "--quiet").code == 0
        return tmp_path / "runs" / name

    return made


def replies(tasks: int = 3) -> list[dict[str, Any]]:
    return [{"task": f"t{n}", "model": model, "reply": f"{model}{n}"} for n in range(tasks) for model in ("a", "=b")]


def rubric(judge: str, marks: dict[str, Sequence[int]]) -> list[dict[str, Any]]:
    return [
        {"task": f"t{n}", "judge": judge, "model": model, "rubric": mark}
        for model, given in marks.items()
        for n, mark in enumerate(given)
    ]


def test_two_judges_of_one_run(harness: Harness, run: Made, tmp_path: Path) -> None:
    said = [*rubric("X", {"a": [3, 3, 3], "=b": [0, 1]}), *rubric("Y", {"a": [2, 3, 2], "=b": [0, 1, 2]})]
    directory = run("r", [*replies(), *said])
    judges = ("--judge-a", "import:X", "--judge-b", "import:Y")
    table = tmp_path / "d.csv"
    found = harness("drift", directory, directory, *judges, "--csv", table, "--json").json
    assert (found["a"], found["b"], found["scale"]) == ("r by import:X", "r by import:Y", "rubric")
    rows = {row["model"]: row for row in found["models"]}
    assert rows["a"]["delta"] == pytest.approx(-100 * 2 / 9)
    assert (rows["a"]["items"], rows["a"]["up"], rows["a"]["down"]) == (3, 0, 2)
    assert (rows["=b"]["items"], rows["=b"]["left_out"]) == (2, {"not scored in the first": 1})
    assert [(item["task"], item["model"], item["before"]) for item in found["moved"]] == [
        ("t0", "a", 100.0), ("t2", "a", 100.0),
    ]  # fmt: skip
    assert {item["model"] for item in found["slope"]} == {"a", "=b"}
    with table.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["model"] for line in lines] == ["'=b", "a", "all"]  # no spreadsheet runs a model's name
    assert lines[0]["left_out"] == "1"
    with table.with_name("d-items.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line["task"] for line in csv.DictReader(file)] == ["t0", "t2"]
    shown = harness("drift", directory, directory, *judges).out
    assert "-22.2" in shown
    assert "left out 1 not scored in the first" in shown


def test_two_runs_by_their_points(harness: Harness, run: Made) -> None:
    one = run("one", [{"task": "t", "model": "m", "score": 24, "max_score": 27}])
    two = run("two", [{"task": "t", "model": "m", "score": 24, "max_score": 36}, {"task": "t", "model": "n"}])
    found = harness("drift", one, two, "--json").json
    assert found["scale"] == "score"
    assert found["models"][0]["delta"] == pytest.approx(100 * (24 / 36 - 24 / 27))
    assert found["other_totals"] == 1
    shown = harness("drift", one, two).out
    assert "marked out of other totals" in shown
    assert "one task only, so nothing can be tested: m" in shown
    assert "1 model without an item in common: only in the second" in shown


def test_another_reply_is_another_item(harness: Harness, run: Made) -> None:
    one = run("one", [{"task": "t", "model": "m", "reply": "a", "passed": True}])
    two = run("two", [{"task": "t", "model": "m", "reply": "b", "passed": False}])
    assert "1 another reply" in harness("drift", one, two).refused()


def test_what_is_refused(harness: Harness, run: Made) -> None:
    five = {"a": dict.fromkeys(DIMENSIONS, 5), "=b": dict.fromkeys(DIMENSIONS, 5)}
    judged = run("judged", [
        *replies(1), *rubric("X", {"a": [3]}), {"task": "t0", "judge": "Y", "scores": five},
        {"task": "t0", "judge": "Z", "winner": "a"},
    ])  # fmt: skip
    bare = run("bare", replies(1))

    def told(*arguments: object) -> str:
        return harness("drift", *arguments).refused()

    assert "the same judging" in told(bare, bare)
    assert "has several judges: import:X, import:Y, import:Z" in told(judged, judged)
    assert "was not judged" in told(judged, bare, "--judge-a", "import:X")
    assert "no accepted judgment" in told(judged, judged, "--judge-a", "nobody", "--judge-b", "import:X")
    sides = ("--judge-a", "import:X", "--judge-b")
    assert "no scale in common (import:X: rubric; import:Y: dimensions)" in told(judged, judged, *sides, "import:Y")
    assert "import:Z: a ranking only" in told(judged, judged, *sides, "import:Z")
    assert "the same judging" in told(judged, judged, *sides, "import:X")
    assert "is no judge's" in told(judged, bare, "--scale", "verdict", *sides[:2])
    assert "no scored item in common" in told(judged, bare, "--scale", "verdict")


def test_points_are_no_marks(harness: Harness, run: Made) -> None:
    """The same replies with the same points, of which one run was judged as well: nothing has moved."""
    rows = [{**row, "score": 1, "max_score": 1} for row in replies()]
    one, two = run("one", rows), run("two", [*rows, *rubric("X", {"a": [2, 2, 2]})])
    for pair in ((one, two), (two, one)):
        refused = harness("drift", *pair).refused()
        assert "two was judged and one was not" in refused
        assert "--scale score" in refused
    assert "two alone was judged" in harness("drift", one, two, "--scale", "score").out
    assert "two alone was judged" in harness("drift", one, two, "--scale", "score", "--json").json["notes"][0]
    assert "alone was judged" not in harness("drift", one, run("three", rows)).out


def test_who_picked_the_best_of_n_has_not_judged_the_run(harness: Harness, run: Made) -> None:
    rows = [{**row, "score": 1, "max_score": 1} for row in replies()]
    one, two = run("one", rows), run("two", [*rows, *rubric("X", {"a": [2, 2, 2]})])
    with Store(two) as store:
        labels = store.labels()
        for said in list(store.judgments()):
            store.save_judgment(said.model_copy(update={"purpose": "select"}), labels[said.id])
    found = harness("drift", one, two, "--json").json
    assert (found["scale"], found["overall"]["delta"], found["notes"]) == ("score", 0.0, [])


def test_compare_says_where_judges_decided_in_one_run_only(harness: Harness, run: Made) -> None:
    rows = [{**row, "score": 1, "max_score": 1} for row in replies()]
    missing = {"task": "t0", "model": "c", "outcome": "no_candidate"}
    bare, judged = run("bare", rows), run("judged", [*rows, *rubric("X", {"a": [2, 2], "=b": [3]})])
    every: dict[str, Sequence[int]] = {"a": [2, 2, 2], "=b": [3, 3, 3]}
    whole, other = run("whole", [*rows, missing, *rubric("X", every)]), run("other", [*rows, *rubric("Y", every)])

    def told(*arguments: object) -> list[str]:
        notes = harness("compare", *arguments, "--json").json["notes"]
        return [note for note in notes if "two scales" in note]

    (note,) = told(bare, whole)
    assert note == (
        "Judges have a part in 6 of 12 verdicts on 3 tasks, and none in the others (in bare): these are two scales. "
        "`harness judge` those, too, or take --metric judge."
    )
    # t1 has a judged reply of `a` and one of `=b` that is not; a task that is all one or all the other is on one scale.
    (partly,) = told(judged)
    assert "1 of 2 verdicts on 1 task, and none in the others (in judged)" in partly
    assert told(bare, run("again", rows)) == []
    assert told(whole, other) == []  # the missing reply of c is on every scale the same
    assert told(bare, whole, "--metric", "judge") == []


def test_names_in_its_files_are_those_of_other_files(harness: Harness, run: Made, tmp_path: Path) -> None:
    """`llama3` and `glm-5` look like dates, and are left alone."""
    models = ("llama3", "glm-5", "=b")
    rows = [{"task": f"t{n}", "model": m, "reply": "x", "score": 1, "max_score": 1} for n in range(2) for m in models]
    one = run("one", rows)
    two = run("two", [{**row, "score": 0 if row["task"] == "t0" else 1} for row in rows])
    assert harness("drift", one, two, "--csv", tmp_path / "d.csv").code == 0
    assert harness("compare", one, two, "--csv", tmp_path / "c.csv").code == 0
    named = []
    for name in ("d.csv", "d-items.csv", "c.csv"):
        with (tmp_path / name).open(encoding="utf-8-sig", newline="") as file:
            named.append({row["model"] for row in csv.DictReader(file)} - {"all", ""})
    assert named == [{"llama3", "glm-5", "'=b"}] * 3


def test_people_count_from_one(harness: Harness, run: Made) -> None:
    rows = [{"task": "t", "model": "m", "reply": "x", "score": score, "max_score": 1} for score in (1, 0)]
    one, two = run("one", rows[:1]), run("two", rows[1:])
    assert "t, repeat 1, attempt 1" in harness("drift", one, two).out
    (moved,) = harness("drift", one, two, "--json").json["moved"]
    assert (moved["repeat"], moved["attempt"]) == (0, 0)
