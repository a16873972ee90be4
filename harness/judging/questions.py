"""Which questions judges are asked: candidates of one task side by side, under labels that say nothing.

Rules, per task and repeat (docs/judging.md):

code            only solutions that pass: judges rank quality, a failing verdict is never overruled
conversations   every answer that says anything, whatever the mechanical criteria say of it
listwise        the selected attempt of every model, in one question
pairwise        every two of these, in both orders
rubric          one question a candidate; of conversations every attempt, so that each gets its verdict
select          the distinct attempts of one model, to pick one
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.judging.candidates import Contender, contender
from harness.judging.names import Names
from harness.judging.neutral import Neutral, neutralised
from harness.types import Attempt, JudgeMode, Labelled, Purpose, Task

Picked = Mapping[tuple[str, str, int], int]
"""(task, model, repeat) -> number of the selected attempt."""


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that are to be judged together, by whichever judge."""

    purpose: Purpose
    mode: JudgeMode
    task: Task
    repeat: int
    part: str
    contenders: tuple[Contender, ...]

    def id(self, judge: str) -> str:
        """Of the judgment: the same question to the same judge has the same, whoever takes part."""
        return _hash(self.purpose, self.mode, judge, self.task.id, self.repeat, self.part)

    def same_as(self, labelled: Sequence[Labelled]) -> bool:
        """Whether a judgment with these labels was about the same candidates, in whatever order."""
        now = sorted((item.model, item.attempt, item.hash) for item in self.contenders)
        return now == sorted((item.model, item.attempt, item.candidate) for item in labelled)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a judge may know. Made before anything is written to a judge; nobody's name is in it."""

    id: str
    purpose: Purpose
    mode: JudgeMode
    task: Task
    seed: int
    labels: tuple[str, ...]
    """In the order in which they are shown."""
    shown: tuple[Neutral, ...]
    """One a label, in the same order."""


@dataclass(frozen=True, slots=True)
class Question:
    """A sheet, whom it goes to, and, apart from it, who stands behind its labels."""

    sheet: Sheet
    judge: str
    repeat: int
    part: str
    labelled: tuple[Labelled, ...]


def comparisons(task: Task, attempts: Sequence[Attempt], picked: Picked, mode: JudgeMode) -> Iterator[Group]:
    """The groups of one task, of whose attempts all are given."""
    by_repeat = sorted(attempts, key=lambda item: (item.repeat, item.model, item.attempt))
    for repeat, rows in itertools.groupby(by_repeat, key=lambda item: item.repeat):
        every = task.kind == "conversation" and mode == "rubric"
        chosen = [item for item in rows if every or item.attempt == picked.get((task.id, item.model, repeat), 0)]
        entering = [item for item in chosen if task.kind == "conversation" or (item.verdict and item.verdict.passed)]
        contenders = tuple(found for item in entering if (found := contender(task, item)))
        for part, group in _parts(mode, contenders):
            yield Group("compare", mode, task, repeat, part, group)


def attempts_to_pick_from(task: Task, attempts: Sequence[Attempt]) -> Iterator[Group]:
    """The groups of one task from which the best of N is picked; no verdict is looked at.

    Equal candidates are shown once, for the earliest of them; where all are equal there is nothing to ask.
    """
    in_order = sorted(attempts, key=lambda item: (item.model, item.repeat, item.attempt))
    for (model, repeat), rows in itertools.groupby(in_order, key=lambda item: (item.model, item.repeat)):
        distinct: dict[str, Contender] = {}
        for found in (contender(task, item) for item in rows):
            if found is not None:
                distinct.setdefault(found.hash, found)
        if len(distinct) > 1:
            yield Group("select", "listwise", task, repeat, _hash(model), tuple(distinct.values()))


def question(
    group: Group, judge: str, seed: int, names: Names, characters: Callable[[int], int] = lambda number: 16_000
) -> Question:
    """The question for one judge: candidates neutralised, in an order drawn by seed and question, labelled.

    `characters` says how much of each candidate is shown when there are so many.
    """
    identity = group.id(judge)
    order = _order(group, identity, seed)
    limit = characters(len(order))
    shown = tuple(neutralised(item, names, topic(group.task), limit) for item in order)
    labels = tuple(label(number) for number in range(len(order)))
    labelled = tuple(
        Labelled(label=name, model=item.model, attempt=item.attempt, candidate=item.hash, characters=text.characters)
        for name, item, text in zip(labels, order, shown, strict=True)
    )
    sheet = Sheet(identity, group.purpose, group.mode, group.task, seed, labels, shown)
    return Question(sheet, judge, group.repeat, group.part, labelled)


def label(number: int) -> str:
    """`A`, `B`, ..., `Z`, `AA`, `AB`, ..."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def topic(task: Task) -> str:
    """The task's own words."""
    reference = task.reference.files.values() if task.reference else ()
    turns = (turn.content for turn in task.turns)
    return "\n".join((task.instruction, task.system, task.pass_criteria, *turns, *reference))


def _parts(mode: JudgeMode, contenders: tuple[Contender, ...]) -> Iterable[tuple[str, tuple[Contender, ...]]]:
    if not contenders:
        return []
    if mode == "listwise":
        return [("", contenders)]
    if mode == "rubric":
        return [(_hash(item.model, item.attempt), (item,)) for item in contenders]
    # Both orders are asked, whatever the seed.
    return [(_hash(one.model, other.model), (one, other)) for one, other in itertools.permutations(contenders, 2)]


def _order(group: Group, identity: str, seed: int) -> list[Contender]:
    """A shuffle that depends on the question and the seed, and on nothing else that is asked or when."""
    if group.mode == "pairwise":
        return list(group.contenders)
    return sorted(group.contenders, key=lambda item: _hash(seed, identity, item.model, item.attempt))


def _hash(*parts: object) -> str:
    """SHA-256 of the parts, 16 hex digits."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def hashed(*parts: object) -> str:
    """The same, for judgments that were not asked here: their ids are made like those of our own."""
    return _hash(*parts)
