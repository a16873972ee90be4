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

    def take(self, body: str, limit: int) -> str:
        """At most `limit` characters of `body`, fewer when the report is full."""
        taken = text.clip(body, limit if self._left > 0 else min(limit, SHORT))
        self._left -= len(taken)
        return taken
