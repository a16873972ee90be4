"""`harness annotate`: a blind sheet goes out, and what comes back is one more judge."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.annotating.agreed import Agreement
from harness.cli.annotate import _cells
from harness.readback import load_report_input
from harness.stats.agreement import quadratic_kappa
from harness.store import Store
from tests.cli.conftest import Harness
from tests.judging.courtroom import Court
from tests.servers import judges
from tests.servers.scripted import scripted

pytestmark = pytest.mark.engine
TASKS = ("add", "square", "is_even", "factorial")
MODELS = ("alpha-3", "beta-large", "gamma")
Rows = list[dict[str, str]]


def reply(root: Path, task: str, number: int) -> str:
    """The reference, with a comment that makes it this model's own."""
    text = (root / "fixtures" / "warmup" / task / "reference.py").read_text()
    return f"# =HYPERLINK(1) version {number}\n{text}"


@pytest.fixture(scope="module")
def original(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with passing solutions of three models, judged by a model elsewhere."""
    from harness.cli.progress import display
    from harness.importing.load import Order, load

    place = tmp_path_factory.mktemp("annotated")
    lines: list[dict[str, Any]] = [
        {"task": task, "model": model, "reply": reply(root, task, number)}
        for task in TASKS
        for number, model in enumerate(MODELS)
    ]
    lines += [
        {"task": task, "judge": "J", "model": model, "rubric": (2 * t + m) % 4}
        for t, task in enumerate(TASKS)
        for m, model in enumerate(MODELS)
    ]
    lines += [{"task": task, "judge": "J", "ranking": list(MODELS)} for task in TASKS]
    (place / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with display(quiet=True) as shown:
        load(Order((place / "r.jsonl",), "r", (root / "fixtures" / "warmup",), place), shown)
    return place / "r"


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "r")


@pytest.fixture
def sheet(harness: Harness, run: Path, tmp_path: Path) -> Callable[..., Rows]:
    """Export a sheet and read its rows."""

    def made(*arguments: object) -> Rows:
        done = harness("annotate", run, "--export", tmp_path / "sheet.csv", "--replace", *arguments)
        assert done.code == 0, done
        return rows_of(tmp_path / "sheet.csv")

    return made


@pytest.fixture
def back(harness: Harness, run: Path, tmp_path: Path) -> Callable[..., Any]:
    """Write rows and read them back; the command's document, or its message."""

    def read(rows: Rows, *, name: str = "alice", delimiter: str = ",", encoding: str = "utf-8-sig") -> Any:
        path = tmp_path / "filled.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
        done = harness("annotate", run, "--read", path, "--name", name, "--json")
        return done.refused() if done.code else done.json

    return read


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def marks(run: Path, judge: str = "human:alice") -> dict[tuple[str, str], Any]:
    return {(m.task, m.model): m.mark for m in load_report_input(run).marked if m.judge == judge}


def whose(run: Path, row: dict[str, str]) -> tuple[str, str]:
    """(task, model) behind a row, from the key that stays in the run."""
    with Store(run, write=False) as store:
        key = store.fact(f"sheet:{row['id'].partition('-')[0]}")
    question = key["questions"][key["rows"][row["id"]]["question"]]
    label = key["rows"][row["id"]]["label"]
    return question["task"], next(item["model"] for item in question["labelled"] if item["label"] == label)


@pytest.mark.parametrize("mode", ["listwise", "rubric", "pairwise"])
def test_a_sheet_is_blind(sheet: Callable[..., Rows], run: Path, tmp_path: Path, mode: str) -> None:
    rows = sheet("--mode", mode)
    assert len(rows) == {"listwise": 12, "rubric": 12, "pairwise": 24}[mode]
    text = (tmp_path / "sheet.csv").read_text(encoding="utf-8-sig").lower()
    assert not any(word in text for model in MODELS for word in (model, model.partition("-")[0] + "-"))
    assert all(not row[name] for row in rows for name in row if name in ("rank", "score", "winner", "note", "passes"))
    assert ("reference" in rows[0]) == (mode == "rubric")
    # Nothing but the run knows who is who, and the same wish gives the same sheet.
    assert sheet("--mode", mode) == rows
    with Store(run) as store:
        store.set_fact("sheets_salt", "another")
    other = sheet("--mode", mode)
    assert not {row["id"] for row in rows} & {row["id"] for row in other}


def test_orders_are_shuffled(sheet: Callable[..., Rows], run: Path) -> None:
    with Store(run) as store:
        store.set_fact("sheets_salt", "fixed")
    first = {row["task"]: whose(run, row)[1] for row in sheet() if row["label"] == "Model A"}
    assert len(set(first.values())) > 1
    orders = {tuple(dict.fromkeys(row["task"] for row in sheet("--seed", seed))) for seed in range(4)}
    assert len(orders) > 1


def test_a_part_of_the_tasks(sheet: Callable[..., Rows], harness: Harness, run: Path, tmp_path: Path) -> None:
    assert {row["task"] for row in sheet("--task", "*a*d*")} == {"warmup/add"}
    assert len({row["question"] for row in sheet("--sample", 2)}) == 2
    assert (
        "no task matches nothing" in harness("annotate", run, "--export", tmp_path / "s", "--task", "nothing").refused()
    )


def test_a_rubric_comes_back(sheet: Callable[..., Rows], back: Callable[..., Any], run: Path) -> None:
    rows = sheet("--mode", "rubric")
    for number, row in enumerate(rows[:-1]):
        row["score"] = str(number % 4)
    rows[0]["note"] = "  a word\nof two lines "
    found = back(rows, delimiter=";")
    assert (found["questions"], found["scored"], found["unfilled"]) == (12, 11, {"not filled in": 1})
    said = marks(run)
    assert {whose(run, row): int(row["score"]) for row in rows[:-1]} == {key: mark.rubric for key, mark in said.items()}
    assert said[whose(run, rows[0])].note == "a word\nof two lines"
    (beside,) = [item for item in found["agreements"] if item["scale"] == "rubric"]
    theirs = {key: mark.rubric for key, mark in marks(run, "import:J").items() if mark.rubric is not None}
    mine = {key: mark.rubric for key, mark in said.items()}
    both = sorted(mine)
    kappa = quadratic_kappa([mine[key] for key in both], [rubric_of(run)[key] for key in both])
    assert theirs is not None
    assert (beside["judge"], beside["items"], beside["kappa"]) == ("import:J", 11, pytest.approx(kappa))
    assert 0 <= beside["apart_by_chance"] <= 1


def rubric_of(run: Path) -> dict[tuple[str, str], int]:
    found = load_report_input(run).marked
    return {(m.task, m.model): m.mark.rubric for m in found if m.judge == "import:J" and m.mark.rubric is not None}


def test_rankings_come_back(sheet: Callable[..., Rows], back: Callable[..., Any], run: Path) -> None:
    rows = sheet()
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    for row in rows:
        # The whole first task, with numbers that leave gaps; one row only of the second; scores for the third.
        if row["task"] == tasks[0]:
            row["rank"] = "1" if whose(run, row)[1] == "gamma" else "3"
            row["passes"] = "Yes"
        elif row["task"] == tasks[1] and row["label"] == "Model A":
            row["rank"] = "1"
        elif row["task"] == tasks[2]:
            row.update(dict.fromkeys(("accuracy", "completeness", "reasoning", "specificity", "conciseness"), "7,5"))
    found = back(rows)
    assert found["unfilled"] == {"not filled in for all of its replies": 1, "not filled in": 1}
    said = marks(run)
    assert {model: said[tasks[0], model].rank for model in MODELS} == {"gamma": 1, "alpha-3": 2, "beta-large": 2}
    assert {said[tasks[0], model].passes for model in MODELS} == {True}
    assert set(said[tasks[2], "gamma"].scores.values()) == {7.5}
    assert said[tasks[2], "gamma"].rank is None
    (order,) = [item for item in found["agreements"] if item["scale"] == "order"]
    # alpha before beta before gamma says the other judge: of three pairs none is the same.
    assert (order["items"], order["same"]) == (3, 0.0)


def test_numbers_that_are_not_used_are_counted(sheet: Callable[..., Rows], back: Callable[..., Any], run: Path) -> None:
    rows = sheet()
    task = rows[0]["task"]
    mine = [row for row in rows if row["task"] == task]
    for place, row in enumerate(mine):
        row["rank"] = str(place + 1)
    mine[0].update(dict.fromkeys(("accuracy", "completeness", "reasoning", "specificity", "conciseness"), "7"))
    mine[1]["accuracy"] = "3"
    found = back(rows)
    assert found["scored"] == 1
    assert [note for note in found["notes"] if note.startswith("6 numbers were not used")]
    assert {mark.rank for mark in marks(run).values()} == set(range(1, len(mine) + 1))
    mine[0].update(dict.fromkeys(("accuracy", "completeness", "reasoning", "specificity", "conciseness"), ""))
    mine[1]["accuracy"] = ""
    assert not any("were not used" in note for note in back(rows)["notes"])


def test_pairs_come_back(sheet: Callable[..., Rows], back: Callable[..., Any], run: Path) -> None:
    rows = sheet("--mode", "pairwise")
    pair = [row for row in rows if of_both(row) == of_both(rows[0])]
    for row, word in zip(pair, ("model b", "TIE"), strict=True):
        row["winner"] = word
    assert back(rows)["scored"] == 2
    found = [m for m in load_report_input(run).marked if m.judge == "human:alice"]
    assert sorted((m.mark.rank or 0) for m in found) == [1, 1, 1, 2]


def of_both(row: dict[str, str]) -> tuple[str, set[str]]:
    return row["task"], {row["reply A"], row["reply B"]}


def test_reading_again_replaces(sheet: Callable[..., Rows], back: Callable[..., Any], run: Path) -> None:
    rows = sheet("--mode", "rubric")
    rows[0]["score"], rows[1]["score"] = "1", "2"
    back(rows)
    back(rows, name="bob")
    rows[0]["score"] = ""
    assert back(rows)["scored"] == 1
    assert [mark.rubric for mark in marks(run).values()] == [2]
    assert len(marks(run, "human:bob")) == 2
    assert {a.outcome for a in load_report_input(run).attempts} == {"passed"}  # code is never overruled


def test_an_empty_sheet_takes_back_only_what_it_said_itself(
    sheet: Callable[..., Rows], back: Callable[..., Any], run: Path
) -> None:
    rows = sheet("--mode", "rubric")
    for row in rows:
        row["score"] = "2"
    assert back(rows)["scored"] == len(rows)
    few = sheet("--mode", "rubric", "--sample", "3")
    empty = back(few)
    assert (empty["scored"], empty["notes"]) == (0, [])
    assert len(marks(run)) == len(rows)
    # What it answers counts in place of the other's, and can be taken back by itself.
    for row in few:
        row["score"] = "1"
    back(few)
    assert sorted(mark.rubric or 0 for mark in marks(run).values()) == [1] * 3 + [2] * (len(rows) - 3)
    few[0]["score"] = ""
    assert back(few)["notes"] == ["1 earlier answer taken back"]
    assert len(marks(run)) == len(rows) - 1


def test_rows_that_are_gone_are_unscored(sheet: Callable[..., Rows], back: Callable[..., Any], run: Path) -> None:
    rows = sheet("--mode", "rubric")
    for row in rows:
        row["score"] = "3"
        row.pop("prompt")
    found = back(list(reversed(rows[:5])), encoding="utf-8")
    assert found["scored"] == 5
    assert found["notes"] == ["not checked, since the columns are gone: prompt", "7 of 12 rows are gone: unscored"]
    assert len(marks(run)) == 5


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("score", "4", "row 3, score: expected a number from 0 to 3, found '4'"),
        ("score", "2.5", "row 3, score: expected a whole number, found '2.5'"),
        ("score", "good", "row 3, score: expected a number from 0 to 3, found 'good'"),
        ("score", "nan", "row 3, score: expected a number"),
        ("id", "s0000000-1", "is no row of this sheet\n  remove that row, or export"),
        ("reply", "mine", "row 3, reply: is not the text that went out with this row\n  bring its rows back"),
    ],
)
def test_cells_that_are_wrong(
    sheet: Callable[..., Rows], back: Callable[..., Any], run: Path, column: str, value: str, said: str
) -> None:
    rows = sheet("--mode", "rubric")
    rows[0]["score"], rows[1][column] = "1", value
    assert said in back(rows)
    assert marks(run) == {}


def test_rows_that_stand_there_twice(sheet: Callable[..., Rows], back: Callable[..., Any]) -> None:
    rows = sheet("--mode", "rubric")
    assert f"row 14, id: {rows[0]['id']} stands in row 2 already\n  remove one" in back([*rows, rows[0]])


def test_a_sheet_without_what_was_to_fill_in_takes_nothing_back(
    sheet: Callable[..., Rows], back: Callable[..., Any], run: Path
) -> None:
    rows = [{**row, "score": "2"} for row in sheet("--mode", "rubric")]
    back(rows)
    for row in rows:
        row.pop("score")
    assert "has no column score: nothing that was filled in" in back(rows)
    assert len(marks(run)) == 12


def test_no_difference_has_no_sign() -> None:
    item = Agreement(judge="j", scale="rubric", items=3, same=1.0, signed=-0.001)
    assert _cells(item)[-1] == "+0.00"


def test_one_column_sorted_alone(sheet: Callable[..., Rows], back: Callable[..., Any]) -> None:
    rows = sheet("--mode", "rubric")
    for row, text in zip(rows, sorted(row["reply"] for row in rows), strict=True):
        row["reply"] = text
    assert "is not the text that went out" in back(rows)


def test_sheets_of_elsewhere(sheet: Callable[..., Rows], back: Callable[..., Any], harness: Harness, run: Path) -> None:
    rows = sheet("--mode", "rubric")
    both = [*rows, *sheet("--mode", "rubric", "--seed", 5)]
    assert "rows of 2 sheets" in back(both)
    assert "no row is of a sheet that went out from this run" in back([{"id": "x-1", "score": "1"}])
    assert "has no column 'id'" in back([{"ident": "x-1", "score": "1"}])
    assert "is not UTF-8" in back([{"id": "é", "score": "1"}], encoding="utf-16")
    assert "--name 'a/b'" in back(rows, name="a/b")
    assert "either --export or --read" in harness("annotate", run).refused()
    for option, value in (("--mode", "rubric"), ("--seed", 0), ("--task", "x"), ("--sample", 2)):
        refused = harness("annotate", run, "--read", "x.csv", "--name", "a", option, value).refused()
        assert "belong to --export" in refused
    assert "belong to --export" in harness("annotate", run, "--read", "x", "--name", "a", "--replace").refused()
    assert "--read needs --name" in harness("annotate", run, "--read", "x.csv").refused()
    assert "--name belongs to --read" in harness("annotate", run, "--export", "x.csv", "--name", "a").refused()


def test_a_sheet_that_is_there_is_not_written_over(harness: Harness, run: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.csv"
    ask = ("annotate", run, "--export", target)
    assert harness(*ask).code == 0
    target.write_text(filled := target.read_text() + "all that I have filled in")
    refused = harness(*ask, "--mode", "rubric").refused()
    assert f"{target} is there already" in refused
    assert "--replace" in refused
    assert target.read_text() == filled
    assert harness(*ask, "--replace").code == 0
    assert "filled in" not in target.read_text()


def test_spreadsheets_run_nothing(sheet: Callable[..., Rows], tmp_path: Path) -> None:
    for mode in ("listwise", "rubric", "pairwise"):
        for row in sheet("--mode", mode):
            assert all(cell[:1] not in ("=", "+", "-", "@", "\t") for cell in row.values())
    # Newlines inside cells are kept.
    assert any(cell.count("\n") > 2 for row in sheet() for cell in row.values())


def kept(run: Path, judge: str) -> list[str]:
    """The rows of a judge, as they stand in the store."""
    with Store(run, write=False) as store:
        return [item.model_dump_json() for item in store.judgments() if item.judge == judge]


def test_a_model_judges_beside_people(
    sheet: Callable[..., Rows], back: Callable[..., Any], harness: Harness, run: Path, tmp_path: Path
) -> None:
    rows = sheet("--mode", "rubric")
    for row in rows:
        row["score"] = str(3 if whose(run, row)[1] == "gamma" else 1)
    back(rows)
    before = {judge: kept(run, judge) for judge in ("human:alice", "import:J")}
    court = Court(tmp_path)
    with scripted(judges.judging(lambda text: 10 if "version 2" in text else 4)) as server:
        court.judge("ann", server.url)
        ask = ("judge", run, "--catalogue", court.catalogue, "--judge", "ann", "--mode", "rubric", "--quiet")
        assert harness(*ask).code == 0
        # Judgments of people and of other systems are neither asked again nor touched.
        assert harness(*ask, "--only-errors").code == 0
        assert len(server.requests) == 12
    assert {judge: kept(run, judge) for judge in before} == before
    found = harness("annotate", run, "--read", tmp_path / "filled.csv", "--name", "alice", "--json").json
    beside = {item["judge"]: item for item in found["agreements"] if item["scale"] == "rubric"}
    assert (beside["ann"]["items"], beside["ann"]["same"], beside["ann"]["kappa"]) == (12, 1.0, 1.0)
    assert beside["import:J"]["same"] < 1
    moved = harness("drift", run, run, "--judge-a", "human:alice", "--judge-b", "ann", "--json").json
    assert (moved["scale"], moved["overall"]["items"], moved["moved"]) == ("rubric", 12, [])


def test_nothing_to_judge(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(json.dumps({"task": "t", "model": "m", "reply": "a"}))
    assert harness("import", tmp_path / "r.jsonl", "--name", "n", "--out", tmp_path, "--quiet").code == 0
    done = harness("annotate", tmp_path / "n", "--export", tmp_path / "s.csv")
    assert "was imported without its tasks" in done.refused()
    assert not (tmp_path / "s.csv").exists()
