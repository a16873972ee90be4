"""Everything a file says, checked as a whole before anything is stored."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.errors import UsageError
from harness.importing.lines import Place, Refused, read
from harness.importing.records import JudgmentLine, ReplyLine, line_of
from harness.tasks.turns import asked_of, reply_files
from harness.types import AttemptKey, Candidate, Kind, Task
from harness.words import plural


class Entry(NamedTuple):
    """An attempt of the file, without its texts."""

    place: Place
    candidate: str
    """Hash of the reply as a candidate, empty without one."""
    characters: int


@dataclass
class TaskFacts:
    """What the file says of a task; None where no line does."""

    category: str | None = None
    kind: Kind | None = None


@dataclass
class Survey:
    """What stands where."""

    digest: str = ""
    """SHA-256 of the bytes of all files, in order."""
    attempts: dict[AttemptKey, Entry] = field(default_factory=dict)
    judgments: list[tuple[Place, JudgmentLine]] = field(default_factory=list)
    models: dict[str, ReplyLine] = field(default_factory=dict)
    """Shown name -> a line of it, the first that names its family if one does."""
    tasks: dict[str, TaskFacts] = field(default_factory=dict)
    lacking: Counter[str] = field(default_factory=Counter)
    """`1 of 2 replies` -> lines without a verdict that cannot be graded for it."""
    there: dict[tuple[str, int], dict[str, list[int]]] = field(default_factory=dict)
    """(task, repeat) -> shown name -> attempts."""


class Tasks:
    """The tasks that replies are matched with; without any, tasks are what the file says."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.known: Mapping[str, Task] = {task.id: task for task in tasks}
        names = Counter(task.name for task in tasks)
        self._short = {task.name: task.id for task in tasks if names[task.name] == 1}

    def ident(self, name: str, place: Place) -> str:
        """The task's id. Raises Refused where there are tasks, and not this one."""
        if not self.known or name in self.known:
            return name
        if name not in self._short:
            some = ", ".join(sorted(self.known)[:8]) + (", ..." if len(self.known) > 8 else "")
            raise Refused(place, f"no task {name!r}", key="task", remedy=f"tasks given with --tasks: {some}")
        return self._short[name]


def survey(files: Sequence[Path], tasks: Tasks) -> Survey:
    """Read all files once. Raises Refused for the first line that is wrong or says what another one says already."""
    found, digest = Survey(), hashlib.sha256()
    for path in files:
        for place, record in read(path, digest):
            line = line_of(record, place)
            ident = tasks.ident(line.task, place)
            line = line if ident == line.task else line.model_copy(update={"task": ident})
            if isinstance(line, JudgmentLine):
                found.judgments.append((place, line))
            else:
                _take(found, line, place, tasks)
    found.digest = digest.hexdigest()
    if not found.attempts:
        raise UsageError(
            f"no reply in {', '.join(map(str, files))}",
            remedy='a line is at least {"task": id, "model": name}, and judgments need those they judge',
        )
    return found


def _take(found: Survey, line: ReplyLine, place: Place, tasks: Tasks) -> None:
    key = AttemptKey(task=line.task, model=line.shown, repeat=line.repeat, attempt=line.attempt)
    if key in found.attempts:
        raise Refused(
            place,
            f"{key.model} has task {key.task}, repeat {key.repeat}, attempt {key.attempt} already: "
            f"{found.attempts[key].place}",
        )
    _model(found, line, place)
    _task(found, line, place, tasks)
    if not line.judged and (short := lacking(line, tasks.known.get(line.task))):
        found.lacking[short] += 1
    made = candidate_of(line)
    found.attempts[key] = Entry(place, made.hash if made else "", len(shown_text(line)))
    found.there.setdefault((line.task, line.repeat), {}).setdefault(line.shown, []).append(line.attempt)


def _model(found: Survey, line: ReplyLine, place: Place) -> None:
    known = found.models.setdefault(line.shown, line)
    if (known.model, known.role) != (line.model, line.role):
        raise Refused(
            place,
            f"{line.shown!r} would be two models: {known.model!r} in role {known.role!r}, {line.model!r} in role "
            f"{line.role!r}",
            key="model",
        )
    if line.family is not None:
        if known.family not in (None, line.family):
            raise Refused(place, f"{line.shown} was {known.family!r} before, now {line.family!r}", key="family")
        if known.family is None:
            found.models[line.shown] = line


def _task(found: Survey, line: ReplyLine, place: Place, tasks: Tasks) -> None:
    known = found.tasks.setdefault(line.task, TaskFacts())
    task = tasks.known.get(line.task)
    if task is not None:
        if line.kind not in (None, task.kind):
            raise Refused(place, f"the task is of kind {task.kind}, not {line.kind}", key="kind")
        return
    for key in ("category", "kind"):
        before, now = getattr(known, key), getattr(line, key)
        if before is not None and now not in (None, before):
            raise Refused(place, f"task {line.task} had {before!r} before, now {now!r}", key=key)
        if now is not None:
            setattr(known, key, now)


def candidate_of(line: ReplyLine) -> Candidate | None:
    """The texts as a candidate of a conversation has them; None without any."""
    texts = texts_of(line)
    return Candidate(files=reply_files(texts)) if texts else None


def texts_of(line: ReplyLine) -> list[str]:
    """All replies of the line."""
    return line.replies if line.replies is not None else [] if line.reply is None else [line.reply]


def wanted(task: Task) -> int:
    """Replies that a conversation has."""
    return sum(asked_of(task.turns)) if task.turns else 1


def lacking(line: ReplyLine, task: Task | None) -> str:
    """`1 of 2 replies` where the line has too few or too many to be graded by the task; empty otherwise."""
    texts = texts_of(line)
    if task is None or line.error is not None or (line.replied and (task.kind != "conversation" or not texts)):
        return ""  # code is looked for in whatever there is, and thinking that led to no reply is graded as that
    return "" if len(texts) == wanted(task) else f"{len(texts)} of {plural(wanted(task), 'reply', 'replies')}"


def shown_text(line: ReplyLine) -> str:
    """The text of the last reply; empty without one."""
    return line.replies[-1] if line.replies else line.reply or ""


def lines_of(files: Sequence[Path], tasks: Tasks, digest: str) -> Iterator[ReplyLine]:
    """The replies once more. Raises UsageError when the files are no longer those that were surveyed."""
    again = hashlib.sha256()
    for path in files:
        for place, record in read(path, again):
            if "judge" not in record:
                line = line_of(record, place)
                assert isinstance(line, ReplyLine)
                yield line.model_copy(update={"task": tasks.ident(line.task, place)})
    if again.hexdigest() != digest:
        raise UsageError("the files changed while they were read", remedy="import them again, with --replace")
