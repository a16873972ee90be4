"""A run's questions out as a sheet, and what people answered back in as one more judge."""

from __future__ import annotations

import itertools
import random
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.annotating.agreed import Agreement, agreements
from harness.annotating.filled import Answers, answers, lines
from harness.annotating.sheet import ID, Asked, Key, make
from harness.cells import write_whole
from harness.conclusion import concluded
from harness.config import ModelProfile
from harness.errors import UsageError
from harness.judging.names import Names
from harness.judging.questions import Group, Question, comparisons, hashed, question
from harness.judging.results import marked
from harness.plan import Plan, planned_before, unchanged
from harness.store import Store
from harness.tasks import chosen
from harness.types import JudgeMode, Judgment, Mark, Reading, Task
from harness.words import plural

HUMAN = "human:"
SHEETS = "sheets"
"""Fact: ids of the sheets that went out; the key of each is a fact `sheet:<id>`."""
SALT = "sheets_salt"
"""Fact: without it ids and orders of a sheet could be worked out from the names of the models."""
CHARACTERS = 16_000
"""Most that is shown of one candidate, as to a judge."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True)
class Wanted:
    """Which questions go on a sheet."""

    mode: JudgeMode = "listwise"
    globs: tuple[str, ...] = ()
    sample: int | None = None
    """So many questions, drawn by seed; None takes all."""
    seed: int = 0


@dataclass
class Read:
    """A sheet that came back."""

    judge: str
    sheet: str
    questions: int
    scored: int
    unfilled: dict[str, int] = field(default_factory=dict)
    """Why -> questions without a mark."""
    notes: list[str] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)


def export(directory: Path, target: Path, wanted: Wanted, *, replace: bool = False) -> Key:
    """Write a sheet, and keep its key in the run. The same wishes give the same sheet again.

    Raises UsageError where there is nothing to ask, or a file that `replace` does not give up; StoreError when there is
    no run.
    """
    if target.exists() and not replace:
        # Whoever fills a sheet in does so where it was written: nothing else has that work.
        raise UsageError(
            f"{target} is there already, and what was filled in would be lost",
            remedy="choose another file, or --replace writes over it",
        )
    with Store(directory, write=False) as store:
        planned = planned_before(store, directory)
        unchanged(store, planned.tasks)
        secret: str = store.fact(SALT) or secrets.token_hex(16)
        questions = _questions(store, planned, wanted, secret)
    if not questions:
        raise UsageError(
            f"{directory} has nothing to judge in mode {wanted.mode}",
            remedy="judged are replies to conversations, and solutions of code tasks that pass",
        )
    text, key = make(questions, wanted.mode, wanted.seed, secret)
    with Store(directory) as store:
        store.set_fact(SALT, secret)
        # First the key: a sheet without one could never be read.
        store.set_fact(f"sheet:{key.sheet}", key.model_dump(mode="json"))
        store.set_fact(SHEETS, sorted({*(store.fact(SHEETS) or []), key.sheet}))
    write_whole(target, text)
    return key


def read(directory: Path, source: Path, name: str) -> Read:
    """Keep what a sheet says as judgments of `human:NAME`, in place of what that person said of the same before.

    What it leaves empty takes back what this sheet itself said, and nothing that another one did.
    Raises UsageError naming row and column.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"--name {name!r}", remedy="a name of letters, digits, dots, dashes and underscores")
    judge = HUMAN + name
    found = lines(source)
    with Store(directory, write=False) as store:
        planned = planned_before(store, directory)
        key = _key(store, source, [line.cells.get(ID, "") for line in found])
    said = answers(source, found, key)
    with Store(directory) as store:
        with store.together():
            earlier = {item.id: item.rubric for item in store.judgments(bare=True) if item.judge == judge}
            gone = set(_before(judge, key, said, earlier))
            store.drop_judgments(gone)
            put = {_identity(judge, key.mode, key.questions[number]) for number in said.marks}
            if taken := len(gone - put):
                said.notes.append(f"{plural(taken, 'earlier answer')} taken back")
            for number, marks in said.marks.items():
                asked = key.questions[number]
                store.save_judgment(_judgment(judge, key, asked, marks), asked.labelled)
        beside = agreements(marked(store.judgments(bare=True), store.labels()), judge)
        concluded(planned, store, [], store.selections())
    return _told(judge, key, said, beside)


def _told(judge: str, key: Key, said: Answers, beside: list[Agreement]) -> Read:
    return Read(
        judge=judge,
        sheet=key.sheet,
        questions=len(key.questions),
        scored=len(said.marks),
        unfilled=dict(Counter(said.unfilled.values())),
        notes=said.notes,
        agreements=beside,
    )


def _questions(store: Store, planned: Plan, wanted: Wanted, secret: str) -> list[Question]:
    known = {task.id: task for task in planned.tasks}
    meant = {ident: known[ident] for ident in chosen(list(known), wanted.globs)}
    # A pair is drawn with both of its orders: one alone counts for nothing.
    drawn = sorted(_groups(store, meant, wanted), key=lambda several: several[0].id("sheet"))
    if wanted.sample is not None and wanted.sample < len(drawn):
        drawn = random.Random(wanted.seed).sample(drawn, wanted.sample)
    profiles = [ModelProfile.model_validate(item) for item in (store.fact("models") or {}).values()]
    names = Names(profiles)
    order = int(hashed(secret, wanted.seed), 16)
    return [question(group, "sheet", order, names, lambda _: CHARACTERS) for several in drawn for group in several]


def _groups(store: Store, meant: dict[str, Task], wanted: Wanted) -> Iterator[list[Group]]:
    """What can be drawn for a sheet: single questions, or of a pair the two in which it is asked."""
    picked = {(item.task, item.model, item.repeat): item.attempt for item in store.selections()}
    for ident, attempts in itertools.groupby(store.attempts(), key=lambda item: item.task):
        if ident in meant:
            groups = comparisons(meant[ident], list(attempts), picked, wanted.mode)
            yield from _both_orders(groups) if wanted.mode == "pairwise" else ([group] for group in groups)


def _both_orders(groups: Iterable[Group]) -> Iterable[list[Group]]:
    """The two questions of each pair together."""
    both: dict[tuple[object, ...], list[Group]] = {}
    for group in groups:
        who = tuple(sorted((item.model, item.attempt) for item in group.contenders))
        both.setdefault((group.task.id, group.repeat, who), []).append(group)
    return [sorted(several, key=lambda group: group.id("sheet")) for several in both.values()]


def _key(store: Store, source: Path, idents: Sequence[str]) -> Key:
    """The key of the sheet that the rows belong to. Raises UsageError where they are of none, or of two."""
    sheets = sorted({ident.strip().partition("-")[0] for ident in idents})
    kept = store.fact(SHEETS) or []
    ours = [sheet for sheet in sheets if sheet in kept]
    if not ours:
        raise UsageError(
            f"{source}: no row is of a sheet that went out from this run",
            remedy="give the run that it was exported from, and keep the column `id`",
        )
    if len(ours) > 1:
        raise UsageError(f"{source} has rows of {len(ours)} sheets", remedy="read one sheet at a time")
    return Key.model_validate(store.fact(f"sheet:{ours[0]}"))


def _identity(judge: str, mode: JudgeMode, asked: Asked) -> str:
    return hashed("compare", mode, judge, asked.task, asked.repeat, asked.part)


def _before(judge: str, key: Key, said: Answers, earlier: Mapping[str, str]) -> Iterator[str]:
    """Ids of what this person said before and does not any longer; `earlier`: id -> from which sheet.

    That is what the sheet answers, and what it had said itself. Of a pair both orders, also where the sheet has one,
    since the other alone would say nothing, and leave open who won.
    """
    for number, asked in enumerate(key.questions):
        same = [_identity(judge, key.mode, asked)]
        if key.mode == "pairwise":
            turned = hashed(*reversed([item.model for item in asked.labelled]))
            same.append(_identity(judge, key.mode, asked.model_copy(update={"part": turned})))
        own = any(earlier.get(ident) == _sheet(key) for ident in same)
        if number in said.marks or own:
            yield from (ident for ident in same if ident in earlier)


def _sheet(key: Key) -> str:
    return f"sheet@{key.sheet}"


def _judgment(judge: str, key: Key, asked: Asked, marks: tuple[Mark, ...]) -> Judgment:
    return Judgment(
        id=_identity(judge, key.mode, asked),
        mode=key.mode,
        judge=judge,
        task=asked.task,
        repeat=asked.repeat,
        part=asked.part,
        rubric=_sheet(key),
        seed=key.seed,
        labels=asked.labels,
        reading=Reading(marks=marks),
    )
