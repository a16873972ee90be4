"""Texts of candidates cut so that the whole report stays one that a browser can open."""

from __future__ import annotations

from . import text

BUDGET = 12_000_000
"""Characters of candidate text in one report; once they are spent, every further text is clipped short."""

SHORT = 300


class Clipper:
    """Clips and cleans texts, and keeps the whole report within `BUDGET`."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._left = budget

    @property
    def full(self) -> bool:
        """Whether the report has no room left but for beginnings."""
        return self._left <= 0

    def charge(self, characters: int) -> None:
        """Count markup, or text that did not come through `take`, as a part of the report."""
        self._left -= characters

    def take(self, body: str, limit: int) -> str:
        """At most `limit` characters of `body`, fewer when the report is full."""
        taken = text.clip(body, min(limit, SHORT) if self.full else limit)
        self._left -= len(taken)
        return taken
