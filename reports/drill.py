"""The drill-down: which attempts a report shows whole, and what of each.

A run can hold more attempts than a page can carry. Every (task, model) gets a fair share: the selected attempt first,
then failures, then the rest. Nothing here decides anything: it only leaves out, and says what and how much.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.judging.analysis.conflicts import Mechanical, mechanical_of
from harness.judging.analysis.sheet import Cell
from harness.types import Attempt, Outcome, Selection

MAX_ATTEMPTS = 400
"""Attempts shown whole in one report."""


class Key(NamedTuple):
    """Identity of an attempt, quick to make and to hash."""

    task: str
    model: str
    repeat: int
    attempt: int


@dataclass(slots=True)
class Index:
    """Watches attempts stream by and remembers who they were, so that the stream is read once for two purposes."""

    judged: Collection[Cell] = ()
    """Attempts of which it remembers what was decided without a judge."""
    failed: dict[Key, bool] = field(default_factory=dict)
    mechanical: dict[Cell, Mechanical] = field(default_factory=dict)
    started: str = ""
    """UTC of the first attempt, ISO 8601."""
    ended: str = ""
    """UTC of the start of the last."""

    def watch(self, attempts: Iterable[Attempt]) -> Iterator[Attempt]:
        """The same attempts, each noted as it passes."""
        for attempt in attempts:
            key = Key(attempt.task, attempt.model, attempt.repeat, attempt.attempt)
            self.failed[key] = attempt.outcome is not Outcome.passed
            cell = Cell(attempt.task, attempt.repeat, attempt.model, attempt.attempt)
            if cell in self.judged and (found := mechanical_of(attempt)) is not None:
                self.mechanical[cell] = found
            if attempt.started:
                self.started = min(self.started or attempt.started, attempt.started)
                self.ended = max(self.ended, attempt.started)
            yield attempt


@dataclass(frozen=True, slots=True)
class Drill:
    """What the drill-down shows."""

    attempts: dict[Key, Attempt]
    """In the order of task, model, repeat, attempt."""
    total: int
    """Attempts in the run."""
    picks: dict[Key, Selection]
    """The selections among them."""
    started: str = ""
    ended: str = ""


def drill(attempts: Iterable[Attempt], selections: Iterable[Selection], index: Index, limit: int) -> Drill:
    """Read the chosen attempts again; `attempts` must be re-iterable."""
    picks = {Key(s.task, s.model, s.repeat, s.attempt): s for s in selections}
    chosen = _choose(index.failed, picks, limit)
    found = {
        key: _light(attempt)
        for attempt in (attempts if chosen else ())
        if (key := Key(attempt.task, attempt.model, attempt.repeat, attempt.attempt)) in chosen
    }
    ordered = {key: found[key] for key in sorted(found)}
    return Drill(ordered, len(index.failed), picks, index.started, index.ended)


def _choose(failed: dict[Key, bool], picks: dict[Key, Selection], limit: int) -> set[Key]:
    """At most `limit` keys: in rounds, one of every (task, model) after the other, the most telling first.

    Where that would be less than two of each, tasks are left out whole, evenly over the sorted list.
    """
    if len(failed) <= limit:
        return set(failed)
    groups: dict[tuple[str, str], list[tuple[int, Key]]] = {}
    for key, fails in failed.items():
        rank = 0 if key in picks else 1 if fails else 2
        groups.setdefault((key.task, key.model), []).append((rank, key))
    tasks = sorted({task for task, _ in groups})
    room = max(1, limit * len(tasks) // (2 * len(groups)))
    kept = {tasks[place * len(tasks) // room] for place in range(room)} if room < len(tasks) else set(tasks)
    ranked = [
        (turn, rank, key)
        for (task, _), group in groups.items()
        if task in kept
        for turn, (rank, key) in enumerate(sorted(group))
    ]
    return {key for _, _, key in sorted(ranked)[:limit]}


def _light(attempt: Attempt) -> Attempt:
    """Without the server's raw body, which no page shows."""
    reply = attempt.reply
    return attempt.model_copy(update={"reply": reply.model_copy(update={"raw": None})}) if reply else attempt
