"""JudgmentLine -> Judgment and its labels: judgments made elsewhere, in the shape of those made here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.importing.lines import Place, Refused
from harness.importing.records import JudgmentLine
from harness.importing.survey import Survey
from harness.judging.questions import hashed, label
from harness.judging.results import IMPORTED
from harness.types import AttemptKey, Judgment, Labelled, Mark, Reading

NOTE = 2000
"""Characters kept of a note."""
Ranks = dict[str, int]


def judgments_of(found: Survey) -> Iterator[tuple[Judgment, tuple[Labelled, ...]]]:
    """Every judgment with who stood behind its labels.

    Raises Refused for one about a model that has no line for that task and repeat, and for the same question twice.
    """
    seen: dict[str, Place] = {}
    for place, line in found.judgments:
        made, labelled = _judgment(line, place, found)
        if made.id in seen:
            raise Refused(place, f"{line.judge} was asked the same already: {seen[made.id]}")
        seen[made.id] = place
        yield made, labelled


def judge_name(name: str) -> str:
    """How runs and reports know a judge that was imported."""
    return name if name.startswith(IMPORTED) else IMPORTED + name


def _judgment(line: JudgmentLine, place: Place, found: Survey) -> tuple[Judgment, tuple[Labelled, ...]]:
    there = found.there.get((line.task, line.repeat))
    if there is None:
        raise Refused(place, f"nobody has a line for task {line.task}, repeat {line.repeat}", key="task")
    ranks = _ranks(line, place, there)
    names = list(ranks if ranks else [_known(name, place, "scores", there) for name in line.scores or {}])
    if line.rubric is not None:
        names = [_known(_shown(line), place, "model", there)]
    # Nobody knows the order in which they were shown: any that does not depend on names will do.
    names.sort(key=lambda name: hashed(line.task, line.repeat, line.judge, name))
    labelled = tuple(_labelled(index, name, line, place, found) for index, name in enumerate(names))
    scores = {_known(name, place, "scores", there): marks for name, marks in (line.scores or {}).items()}
    passes = {_known(name, place, "passes", there): met for name, met in (line.passes or {}).items()}
    for key, given in (("scores", scores), ("passes", passes)):
        if given and (key == "scores" or set(given) - set(names)) and set(given) != set(names):
            raise Refused(
                place, f"expected exactly {', '.join(sorted(names))}, found {', '.join(sorted(given))}", key=key
            )
    marks = tuple(
        Mark(
            label=item.label,
            scores=scores.get(item.model, {}),
            rubric=line.rubric,
            rank=ranks.get(item.model),
            passes=passes.get(item.model),
            note=(line.note or "")[:NOTE],
        )
        for item in labelled
    )
    mode = "rubric" if line.rubric is not None else "listwise"
    # Everybody there was compared: the question about the task, as it is asked here.
    part = "" if mode == "listwise" and set(names) == set(there) else _part(mode, labelled)
    made = Judgment(
        id=hashed("compare", mode, judge_name(line.judge), line.task, line.repeat, part),
        mode=mode,
        judge=judge_name(line.judge),
        task=line.task,
        repeat=line.repeat,
        part=part,
        labels=tuple(item.label for item in labelled),
        reading=Reading(marks=marks, flags=()),
    )
    return made, labelled


def _part(mode: str, labelled: Sequence[Labelled]) -> str:
    """Which of several questions about a task and repeat, without naming anyone."""
    if mode == "rubric":
        return hashed(labelled[0].model, labelled[0].attempt)
    return hashed(sorted((item.model, item.attempt) for item in labelled))


def _ranks(line: JudgmentLine, place: Place, there: dict[str, list[int]]) -> Ranks:
    """Model -> rank, equals the same; empty where none was given."""
    groups: list[tuple[str, ...]] = []
    if line.winner is not None:
        first = _group(line.winner, place, "winner", there)
        groups = [first, tuple(name for name in there if name not in first)]
    elif line.ranking is not None:
        groups = [_group(item, place, "ranking", there) for item in line.ranking]
    ranks: Ranks = {}
    above = 0
    for group in groups:
        for name in group:
            if name in ranks:
                raise Refused(place, f"{name} stands there twice", key="winner" if line.winner else "ranking")
            ranks[name] = above + 1
        above += len(group)
    return ranks


def _group(names: str | Sequence[str], place: Place, key: str, there: dict[str, list[int]]) -> tuple[str, ...]:
    several = (names,) if isinstance(names, str) else names
    return tuple(_known(name, place, key, there) for name in several)


def _known(name: str, place: Place, key: str, there: dict[str, list[int]]) -> str:
    """A model as it is shown; its bare name will do where it is there in one role only."""
    if name in there:
        return name
    roles = [shown for shown in there if shown.startswith(f"{name} (") and shown.endswith(")")]
    if len(roles) == 1:
        return roles[0]
    why = f"in several roles: {', '.join(roles)}" if roles else "without a line for this task and repeat"
    raise Refused(place, f"{name} is {why}", key=key, remedy=f"models there: {', '.join(sorted(there))}")


def _shown(line: JudgmentLine) -> str:
    return f"{line.model} ({line.role})" if line.role else line.model or ""


def _labelled(index: int, model: str, line: JudgmentLine, place: Place, found: Survey) -> Labelled:
    attempts = found.there[line.task, line.repeat][model]
    attempt = min(attempts) if line.attempt is None else line.attempt
    if attempt not in attempts:
        raise Refused(place, f"{model} has no attempt {attempt} at this task and repeat", key="attempt")
    entry = found.attempts[AttemptKey(task=line.task, model=model, repeat=line.repeat, attempt=attempt)]
    return Labelled(
        label=label(index),
        model=model,
        attempt=attempt,
        candidate=entry.candidate,
        characters=entry.characters,
    )
