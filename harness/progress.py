"""What a command that works for long tells meanwhile."""

from __future__ import annotations

from typing import Protocol

from harness.types import Attempt, Judgment


class Progress(Protocol):
    """What a run tells while it works; the command line shows it."""

    def note(self, line: str) -> None:
        """Something worth a line."""

    def begin(self, total: int, done: int, spent: float, what: str = "") -> None:
        """Attempts, or `what` else (so many of it, in words), in all, those there already, dollars spent so far."""

    def attempt(self, attempt: Attempt) -> None:
        """An attempt has ended."""

    def judgment(self, judgment: Judgment) -> None:
        """A judge has answered, or its server failed."""
