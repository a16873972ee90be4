"""Labels off: the marks of accepted judgments with the models they were given to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.judging.reading import read
from harness.types import Judgment, Labelled, Marked

IMPORTED = "import:"
ELSEWHERE = ("human:", IMPORTED)
"""Begin the names of judges that were not asked by harness."""


def marked(judgments: Iterable[Judgment], labels: Mapping[str, Sequence[Labelled]]) -> list[Marked]:
    """Every mark of an accepted judgment with the model it was given to, in the order of the judgments.

    A judgment that was rejected, failed, or whose labels are not all known gives none: nothing stands for it.
    """
    found: list[Marked] = []
    for judgment in judgments:
        if not judgment.scored:
            continue
        assert judgment.reading is not None
        behind = {item.label: item for item in labels.get(judgment.id, ())}
        slots = {label: slot for slot, label in enumerate(judgment.labels)}
        if any(mark.label not in behind or mark.label not in slots for mark in judgment.reading.marks):
            continue
        for mark in judgment.reading.marks:
            who = behind[mark.label]
            found.append(
                Marked(
                    judgment=judgment.id,
                    purpose=judgment.purpose,
                    mode=judgment.mode,
                    judge=judgment.judge,
                    task=judgment.task,
                    repeat=judgment.repeat,
                    part=judgment.part,
                    model=who.model,
                    attempt=who.attempt,
                    slot=slots[mark.label],
                    of=len(judgment.labels),
                    characters=who.characters,
                    mark=mark,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """What a judge says of two models after it was asked in both orders."""

    judge: str
    task: str
    repeat: int
    models: tuple[str, str]
    """By name."""
    winner: str | None
    """None: a tie."""
    conflict: bool
    """The two orders contradict each other, which is a tie."""


def pairs(found: Iterable[Marked]) -> list[Pair]:
    """The pairwise comparisons that were answered in both orders; one whose other order is missing is none."""
    both: dict[str, list[Marked]] = {}
    for mark in found:
        if mark.mode == "pairwise" and mark.purpose == "compare":
            both.setdefault(mark.judgment, []).append(mark)
    orders: dict[tuple[str, str, int, tuple[str, str]], list[str | None]] = {}
    for two in both.values():
        if len(two) == 2:
            first, second = sorted(two, key=lambda mark: mark.model)
            key = (first.judge, first.task, first.repeat, (first.model, second.model))
            orders.setdefault(key, []).append(_winner(first, second))
    # Either order is one judgment: two of them are both orders.
    return [
        Pair(*key, winner=said[0] if said[0] == said[1] else None, conflict=said[0] != said[1])
        for key, said in orders.items()
        if len(said) == 2
    ]


def _winner(one: Marked, other: Marked) -> str | None:
    ranks = (one.mark.rank or 0, other.mark.rank or 0)
    return None if ranks[0] == ranks[1] else one.model if ranks[0] < ranks[1] else other.model


def reparsed(judgment: Judgment) -> Judgment | None:
    """The judgment as its raw reply reads now; None where that changes nothing or there is no reply of ours to read."""
    if judgment.reply is None or judgment.judge.startswith(ELSEWHERE):
        return None
    reading = read(judgment, judgment.reply)
    return None if reading == judgment.reading else judgment.model_copy(update={"reading": reading})
