"""What an agent says and does, taken down as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.models.storable import clean

TRANSCRIPT = 512 * 1024
COUNTED = ("reflections", "malformed", "exhausted", "errors", "asks")
"""What aider's driver counts itself, for the whole conversation or since its last message."""
SINCE_MESSAGE = ("reflections",)


class Recorder:
    """The transcript, and counts of what happened."""

    def __init__(self) -> None:
        self._said = bytearray()
        self._more = 0
        self.counts: dict[str, int] = {}

    def said(self, text: bytes) -> None:
        """A piece of output."""
        room = max(0, TRANSCRIPT - len(self._said))
        self._said += text[:room]
        self._more += max(0, len(text) - room)

    def event(self, event: Mapping[str, Any]) -> None:
        """Counted by kind; whoever sends them is not believed to send sensible ones."""
        kind = event.get("event")
        if kind == "turn":
            self._add("turns")
        elif kind == "tested":
            self._add("test_runs")
            self._add("tests_failed", int(event.get("outcome") != "passed"))
        elif kind == "edited":
            self._add("edits", int(bool(event.get("files"))))
            self._add("edit_errors", int(event.get("malformed") is True))
        elif kind == "done":
            for name in COUNTED:
                found = event.get(name)
                value = found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**6 else 0
                self.counts[name] = value + (self.counts.get(name, 0) if name in SINCE_MESSAGE else 0)
            if event.get("lint_passed") is not None:
                self._add("lint_runs")
                self._add("lint_failed", int(event["lint_passed"] is not True))

    def transcript(self) -> str:
        """All that was kept, as text that can be stored."""
        more = f"\n[{self._more} more bytes]\n" if self._more else ""
        return clean(self._said.decode("utf-8", "replace")) + more

    def _add(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number
