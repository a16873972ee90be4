"""What a judge is shown of an attempt, or of the task's reference: the files of a solution, or a conversation with the
replies in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from harness.models.reference import rendered
from harness.tasks.turns import asked_of, replies_of
from harness.types import Attempt, Outcome, Task

CONTEXT_CHARACTERS = 400
"""A turn of the user stands in full in the task; beside each candidate's replies its beginning is enough."""

PROSE = (".md", ".txt", ".rst")
"""How files end that are no program."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text with a heading of ours."""

    heading: str
    text: str
    given: bool = False
    """Not the candidate's: a turn of the user, shown to make sense of the reply below."""
    named: bool = False
    """The heading has a name that the candidate chose, so it is quoted like its text."""
    program: bool = False
    """The text is source code, not prose."""


@dataclass(frozen=True, slots=True)
class Contender:
    """An attempt that takes part in a question."""

    model: str
    attempt: int
    pieces: tuple[Piece, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the candidate's own texts, as they were before anything was masked or clipped; 16 hex digits."""
        own = [[piece.heading, piece.text] for piece in self.pieces if not piece.given]
        return hashlib.sha256(json.dumps(own).encode()).hexdigest()[:16]


def contender(task: Task, attempt: Attempt) -> Contender | None:
    """The attempt as a judge is shown it; None for one that cannot be judged: failed to run, empty, or no answer.

    Whether it passed is not looked at.
    """
    candidate = attempt.extraction.candidate if attempt.extraction else None
    if candidate is None or attempt.verdict is None or attempt.outcome is Outcome.infra_error:
        return None
    if task.kind == "conversation":
        pieces = tuple(_conversation(task, candidate.files))
        if not pieces or not pieces[-1].text.strip():
            return None
    else:
        pieces = tuple(_files(task, candidate.files))
        if not any(piece.text.strip() for piece in pieces):
            return None
    return Contender(model=attempt.model, attempt=attempt.attempt, pieces=pieces)


def reference_of(task: Task) -> tuple[Piece, ...]:
    """The task's reference in the form in which answers are shown; empty where there is none."""
    if task.reference is None:
        return ()
    files = task.reference.files
    # Code stands there as a model would answer: of a workspace that is what it changes.
    pieces = tuple(_conversation(task, files)) if task.kind == "conversation" else (Piece("", rendered(task, files)),)
    return pieces if any(piece.text.strip() for piece in pieces if not piece.given) else ()


def _conversation(task: Task, files: dict[str, str]) -> Iterator[Piece]:
    said = replies_of(files)
    if len(said) < 2:
        yield from (Piece("reply", text) for text in said)
        return
    left = iter(said)
    for turn, answered in zip(task.turns, asked_of(task.turns), strict=True):
        yield Piece(turn.role, _shortened(turn.content), given=True)
        if answered and (text := next(left, None)) is not None:
            yield Piece("reply", text)


def _shortened(text: str) -> str:
    return text if len(text) <= CONTEXT_CHARACTERS else text[:CONTEXT_CHARACTERS] + " (...)"


def _files(task: Task, files: dict[str, str]) -> Iterator[Piece]:
    """Files that the answer changed or added, and those that it deleted."""
    for path, text in sorted(files.items()):
        if task.workspace.get(path) != text:
            program = not path.lower().endswith(PROSE)
            yield Piece(f"file {json.dumps(path, ensure_ascii=False)}", text, named=True, program=program)
    if task.kind == "workspace":
        for path in sorted(set(task.workspace) - set(files)):
            yield Piece(f"file {json.dumps(path, ensure_ascii=False)}, deleted", "", named=True)
