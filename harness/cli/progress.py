"""What a person sees while a run works: a live display on a terminal, plain lines without one. Always on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from harness.types import Attempt, Judgment

LINE_EVERY_S = 10.0


def display(quiet: bool = False) -> Live | Lines:
    """The display that fits stderr, shown while it is entered."""
    if sys.stderr.isatty() and not quiet:
        return Live()
    return Lines(quiet)


class Tally:
    """Counts behind both displays."""

    def __init__(self) -> None:
        self.total = self.before = self.ended = self.passed = self.graded = self.failed = 0
        self.unread = 0
        self.spent = 0.0
        self.what = "attempts"
        self.began = time.monotonic()

    def begin(self, total: int, done: int, spent: float, what: str = "") -> None:
        self.total, self.before, self.spent = total, done, spent
        self.what = what or ("attempt" if total == 1 else "attempts")
        self.ended = self.passed = self.graded = self.failed = self.unread = 0
        self.began = time.monotonic()

    def add(self, attempt: Attempt) -> None:
        self.ended += 1
        self.spent += attempt.cost_usd or 0.0
        if attempt.verdict is None or attempt.outcome == "infra_error":
            self.failed += 1
        elif attempt.outcome.counts:
            self.graded += 1
            self.passed += attempt.verdict.passed

    def count(self, judgment: Judgment) -> None:
        self.ended += 1
        self.spent += judgment.cost_usd or 0.0
        self.failed += judgment.reading is None
        self.unread += judgment.reading is not None and not judgment.reading.accepted

    @property
    def rate(self) -> float:
        """Attempts or questions a second since the start."""
        return self.ended / max(1e-6, time.monotonic() - self.began)

    def words(self) -> str:
        parts = [f"{self.rate:.1f}/s"]
        if self.graded:
            parts.append(f"pass rate {self.passed / self.graded:.0%}")
        if self.unread:
            parts.append(f"{self.unread} could not be read")
        if self.failed:
            parts.append(f"{self.failed} failed to run")
        if self.spent:
            parts.append(f"${self.spent:.4f}")
        return ", ".join(parts)


class Lines(Tally):
    """One line now and then, for logs and pipes."""

    def __init__(self, quiet: bool) -> None:
        super().__init__()
        self._quiet = quiet
        self._next = time.monotonic() + LINE_EVERY_S
        self._said = 0
        """Of how many ended the last line told."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def note(self, line: str) -> None:
        # No progress: what was done to the machine, or that a sandbox is weaker, is told to everybody.
        print(line, file=sys.stderr, flush=True)

    def begin(self, total: int, done: int, spent: float, what: str = "") -> None:
        self._end()
        super().begin(total, done, spent, what)
        self._said = 0
        self._progress(f"{total} {self.what}" + (f", {done} of them done already" if done else ""))

    def _progress(self, line: str) -> None:
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)

    def attempt(self, attempt: Attempt) -> None:
        self.add(attempt)
        self._now_and_then()

    def judgment(self, judgment: Judgment) -> None:
        self.count(judgment)
        self._now_and_then()

    def _now_and_then(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY_S
            self._say()

    def _end(self) -> None:
        """The last line of what was under way, unless it was told already."""
        if self.ended != self._said:
            self._say()

    def _say(self) -> None:
        self._said = self.ended
        left = (self.total - self.before - self.ended) / max(1e-6, self.rate)
        self._progress(f"{self.before + self.ended}/{self.total} {self.what}, {self.words()}, about {left:.0f} s left")


class Live(Tally):
    """A bar with rate, spend, time left and the pass rate so far."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        super().__init__()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._bar = Bar(*columns, TextColumn("{task.fields[words]}"), console=Console(stderr=True))
        self._task: Any = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def note(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False)

    def begin(self, total: int, done: int, spent: float, what: str = "") -> None:
        super().begin(total, done, spent, what)
        self._task = self._bar.add_task(self.what, total=total, completed=done, words="")

    def attempt(self, attempt: Attempt) -> None:
        self.add(attempt)
        self._advance()

    def judgment(self, judgment: Judgment) -> None:
        self.count(judgment)
        self._advance()

    def _advance(self) -> None:
        if self._task is not None:
            self._bar.update(self._task, advance=1, words=self.words())
