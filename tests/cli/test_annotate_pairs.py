"""`harness annotate --mode pairwise`: people are asked each pair in both orders, as models are, and count alike."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.readback import load_report_input
from harness.stats.compare.tables import RunTable
from harness.store import Store
from tests.cli.conftest import Harness

MODELS = ("good", "mid", "bad")
TASKS = 6
Rows = list[dict[str, str]]
Answer = Callable[[dict[str, str]], str]


@pytest.fixture
def run(imported: Callable[..., Path], tmp_path: Path) -> Path:
    """Conversations with three models, that nobody has judged."""
    (tmp_path / "talk").mkdir()
    tests = "".join(f"- id: t{n}\n  prompt: question {n}\n" for n in range(TASKS))
    (tmp_path / "talk" / "t.yaml").write_text(f"tests:\n{tests}")
    lines = [
        {"task": f"t{n}", "model": model, "reply": f"{model[0] * 3} answers {n}"}
        for n in range(TASKS)
        for model in MODELS
    ]
    return imported(lines, "--tasks", tmp_path / "talk")


@pytest.fixture
def sheet(harness: Harness, run: Path, tmp_path: Path) -> Callable[..., Rows]:
    def made(*more: object) -> Rows:
        done = harness("annotate", run, "--export", tmp_path / "sheet.csv", "--mode", "pairwise", "--replace", *more)
        assert done.code == 0, done
        with (tmp_path / "sheet.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    return made


@pytest.fixture
def read(harness: Harness, run: Path, tmp_path: Path) -> Callable[..., Any]:
    """Fill in the rows and read them back."""

    def back(rows: Rows, answer: Answer, name: str = "dora") -> Any:
        with (tmp_path / "filled.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows({**row, "winner": answer(row)} for row in rows)
        done = harness("annotate", run, "--read", tmp_path / "filled.csv", "--name", name, "--json")
        assert done.code == 0, done
        return done.json

    return back


def better(row: dict[str, str]) -> str:
    """Good before mid before bad: the replies begin with ggg, mmm and bbb."""
    order = "gmb"
    return "A" if order.index(row["reply A"][0]) < order.index(row["reply B"][0]) else "B"


def pair(row: dict[str, str]) -> tuple[str, ...]:
    return (row["task"], *sorted((row["reply A"], row["reply B"])))


def won(run: Path) -> dict[str, int]:
    """Model -> tasks with the best mean rank."""
    table = RunTable.of(load_report_input(run))
    best = [min(ranks, key=lambda name: ranks[name]) for ranks in table.ranks.values()]
    return {model: best.count(model) for model in MODELS}


def test_each_pair_stands_there_in_both_orders_far_apart(sheet: Callable[..., Rows]) -> None:
    rows = sheet()
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[pair(row)].append(place)
    assert (len(rows), len(places)) == (TASKS * 6, TASKS * 3)
    assert all(rows[one]["reply A"] == rows[two]["reply B"] for one, two in places.values())
    assert min(two - one for one, two in places.values()) >= len(rows) // 4
    # Neither the distance nor the order that comes first tells anything.
    assert len({two - one for one, two in places.values()}) > 3
    assert len({better(rows[one]) for one, _ in places.values()}) == 2
    drawn = sheet("--sample", 4)
    assert (len(drawn), len({pair(row) for row in drawn})) == (8, 4)


def test_people_win_and_mark_as_models_do(
    sheet: Callable[..., Rows], read: Callable[..., Any], harness: Harness, run: Path
) -> None:
    found = read(sheet(), better)
    assert (found["questions"], found["scored"], found["unfilled"]) == (36, 36, {})
    assert won(run) == {"good": TASKS, "mid": 0, "bad": 0}
    for metric, values in (
        ("wins", {"good": 6.0, "mid": 0.0, "bad": 0.0}),
        ("judge", {"good": 1, "mid": 0.5, "bad": 0}),
    ):
        done = harness("compare", run, "--metric", metric, "--json")
        assert done.code == 0, done
        assert {row["model"]: row["mean"] for row in done.json["spread"]} == pytest.approx(values)
        assert not any("has no value anywhere" in note for note in done.json["notes"])


def test_a_pair_with_one_order_filled_in_counts_for_nothing(
    sheet: Callable[..., Rows], read: Callable[..., Any], run: Path
) -> None:
    rows = sheet()
    found = read(rows, lambda row: "" if row is rows[-1] else better(row))
    assert found["scored"] == 34
    assert found["unfilled"] == {"not filled in": 1, "filled in for one order of its pair only": 1}
    said = [mark for mark in load_report_input(run).marked if mark.judge == "human:dora"]
    assert len(said) == 68


def test_who_says_two_things_of_a_pair_is_beside_others_with_a_tie(
    sheet: Callable[..., Rows], read: Callable[..., Any]
) -> None:
    read(sheet(), lambda row: "tie", name="erik")
    (order,) = read(sheet(), lambda row: "A")["agreements"]
    assert (order["scale"], order["items"], order["same"]) == ("order", 18, 1.0)


def test_a_sheet_with_one_order_undoes_nothing(
    sheet: Callable[..., Rows], read: Callable[..., Any], harness: Harness, run: Path
) -> None:
    rows = sheet()
    read(rows, better, name="erik")
    # As sheets went out before: one order of each pair, and a key that knows no other.
    ident = rows[0]["id"].partition("-")[0]
    first = {pair(row): row["id"] for row in rows}
    with Store(run) as store:
        key = store.fact(f"sheet:{ident}")
        kept = sorted({key["rows"][row]["question"] for row in first.values()})
        key["questions"] = [key["questions"][number] for number in kept]
        key["rows"] = {
            row: {**known, "question": kept.index(known["question"])}
            for row, known in key["rows"].items()
            if row in first.values()
        }
        store.set_fact(f"sheet:{ident}", key)
    old = [row for row in rows if row["id"] in first.values()]
    found = read(old, better)
    assert (found["questions"], found["scored"]) == (18, 0)
    (note,) = found["notes"]
    assert note.startswith("this sheet asks 18 pairs in one order only, and a pair counts where it was asked in both")
    assert won(run) == {"good": TASKS, "mid": 0, "bad": 0}
    done = harness("compare", run, "--metric", "wins", "--json").json
    assert not any("could not be decided" in note for note in done["notes"])
    # Of who had filled in both orders, one that is left alone would leave open who won.
    assert read(old, better, name="erik")["scored"] == 0
    assert not load_report_input(run).marked
