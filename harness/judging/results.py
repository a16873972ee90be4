"""Labels off: the marks of accepted judgments with the models they were given to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def reparsed(judgment: Judgment) -> Judgment | None:
    """The judgment as its raw reply reads now; None where that changes nothing or there is no reply of ours to read."""
    if judgment.reply is None or judgment.judge.startswith(ELSEWHERE):
        return None
    reading = read(judgment, judgment.reply)
    return None if reading == judgment.reading else judgment.model_copy(update={"reading": reading})
