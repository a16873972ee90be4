"""What one object says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.judging.parse.codes import Problem
from harness.judging.parse.values import Labels
from harness.types import JudgeMode, Mark

PASSES = ("passes", "pass", "passed")
"""Keys that say whether a candidate passes."""
NOTES = ("note", "notes", "reason", "reasons", "comment", "comments", "justification", "explanation", "rationale")
"""Keys of a judge's reason."""


@dataclass(slots=True)
class Piece:
    """What one object says: all of a verdict, or its scores, some of them, or its ranking."""

    marks: dict[str, Mark] = field(default_factory=dict)
    """Without ranks where the ranking stands apart."""
    ranks: dict[str, int] | None = None
    numbers: dict[str, Any] = field(default_factory=dict)
    """What stands for ranks of some."""
    passes: dict[str, bool] = field(default_factory=dict)
    """Of those of whom it says whether they pass, with their scores or apart from them."""
    flags: set[str] = field(default_factory=set)

    def complete(self, labels: Labels, mode: JudgeMode) -> bool:
        ranked = mode == "rubric" or self.ranks is not None or len(labels.all) == 1
        return ranked and len(self.marks) == len(labels.all)

    def tell(self, label: str, passes: bool | None) -> None:
        """Whether a candidate passes, None if that is left open. Raises Problem if it said the contrary before."""
        if passes is not None and self.passes.setdefault(label, passes) is not passes:
            raise Problem("duplicate_key", f"{label}: passes and does not")

    def questions(self) -> set[tuple[str, str]]:
        """What it answers: the scores of whom, the ranking."""
        found = {(kind, label) for kind in ("marks", "numbers", "passes") for label in getattr(self, kind)}
        return found | ({("ranks", "")} if self.ranks is not None else set())

    def differs(self, other: Piece) -> bool:
        """They say different things of the same candidate, or rank differently. Notes may; less is no other thing."""
        ranked = self.ranks is not None and other.ranks is not None and self.ranks != other.ranks
        scored = any(said(self.marks[label]) != said(other.marks[label]) for label in self.marks.keys() & other.marks)
        ranked = ranked or any(
            self.numbers[label] != other.numbers[label] for label in self.numbers.keys() & other.numbers
        )
        told = self.passes.keys() & other.passes
        return ranked or scored or any(self.passes[label] is not other.passes[label] for label in told)


def said(mark: Mark) -> tuple[object, ...]:
    """What must not differ. Whether it passes may be left open, see `Piece.passes`."""
    return mark.scores, mark.rubric
