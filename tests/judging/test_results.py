"""Labels off, pairs of orders, replies read again."""

from __future__ import annotations

from harness.judging.analysis.sheet import pairings, questions
from harness.judging.results import marked, reparsed
from harness.types import Judgment, Labelled, Mark, Reading, Reply
from tests.judging.courtroom import judgment, labelled, marks
from tests.servers.judges import listwise


def test_marks_get_their_models_places_and_lengths() -> None:
    one = judgment(labels=("B", "A"), reading=Reading(marks=(marks("A", rank=2), marks("B"))))
    found = marked([one], {"1": labelled(["x", "y"])})
    assert [(m.model, m.slot, m.of, m.characters, m.mark.rank) for m in found] == [("x", 1, 2, 0, 2), ("y", 0, 2, 1, 1)]


def test_what_was_not_accepted_marks_nobody() -> None:
    known = {"1": labelled(["x"])}
    assert marked([judgment()], known) == []
    assert marked([judgment(reading=Reading(reason="no_json"))], known) == []
    assert marked([judgment(reading=Reading(marks=(marks("A"),)))], {}) == [], "labels are lost: nobody is guessed"
    partly = judgment(labels=("A", "B"), reading=Reading(marks=(marks("A"), marks("B"))))
    assert marked([partly], known) == []


def test_two_orders_agree_or_are_a_tie() -> None:
    judgments: list[Judgment] = []
    labels: dict[str, tuple[Labelled, ...]] = {}
    told = [
        ("p", "x", "y", "x"), ("p", "y", "x", "x"),  # agree
        ("q", "x", "y", "x"), ("q", "y", "x", "y"),  # the first shown wins: a conflict
        ("r", "x", "y", None), ("r", "y", "x", None),  # a tie twice
        ("s", "x", "y", "y"),  # the other order is missing
        ("u", "y", "x", "y"), ("u", "x", "y", None),
    ]  # fmt: skip
    for number, (task, first, second, winner) in enumerate(told):
        rank = {name: 1 if winner in (name, None) else 2 for name in (first, second)}
        reading = Reading(marks=(Mark(label="A", rank=rank[first]), Mark(label="B", rank=rank[second])))
        keys = {"mode": "pairwise", "task": task, "labels": ("A", "B"), "part": str(number)}
        judgments.append(judgment(str(number), reading=reading, **keys))
        labels[str(number)] = labelled([first, second])
    found = {pair.task: pair for pair in pairings(questions(marked(judgments, labels), "pairwise"))}
    assert {tuple(cell.model for cell in pair.cells) for pair in found.values()} == {("x", "y")}
    assert {task: (pair.credit, pair.complete, pair.flipped) for task, pair in found.items()} == {
        "p": (1.0, True, False),
        "q": (0.5, True, True),
        "r": (0.5, True, False),
        "s": (None, False, False),
        "u": (0.5, True, False),
    }


def test_read_again_only_what_reads_differently_now_is_new() -> None:
    text = listwise({"A": 7})
    stale = judgment(reading=Reading(reason="no_json")).model_copy(update={"reply": Reply(text=text)})
    fresh = reparsed(stale)
    assert fresh is not None
    assert fresh.scored
    assert fresh.started == stale.started
    assert reparsed(fresh) is None
    assert reparsed(judgment()) is None
    for judge in ("human:ann", "import:other"):
        assert reparsed(stale.model_copy(update={"judge": judge})) is None
