"""How a trial makes a candidate: one protocol, one factory, a module a solver.

    prompts      Task -> Request          seeds   the seed of every attempt
    single_shot  one question, one reply

A solver that is not listed here is found through the entry point group `harness.solvers`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast

from harness.errors import UsageError
from harness.types import Candidate, Frozen, Reply, Request, Task

if TYPE_CHECKING:
    from harness.config import ModelProfile
    from harness.models import Provider

__all__ = ["SOLVERS", "Solved", "Solver", "available", "open_solver"]

ENTRY_POINTS = "harness.solvers"

SOLVERS = {"single_shot": "harness.solvers.single_shot:SingleShot"}
"""Name -> `module:Class`, imported when that solver is opened. The class takes a Provider and a ModelProfile."""


class Solved(Frozen):
    """What a solver hands over: a reply to look for a candidate in, or the candidate itself."""

    request: Request
    reply: Reply
    prefix: str = ""
    """Code the prompt ended with and the reply continues; `grading.extract` puts the two together."""
    candidate: Candidate | None = None
    """Set by solvers that write files; None where the candidate is in the reply's text."""


class Solver(Protocol):
    """A way to get from a task to a candidate with one model."""

    def solve(self, task: Task, *, seed: int, repeat: int, attempt: int) -> Solved:
        """Make one attempt. Blocks; may be called from many threads at once. Raises ProviderError."""


def available() -> list[str]:
    """Names of all solvers: built in and installed."""
    return sorted({*SOLVERS, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def open_solver(name: str, provider: Provider, profile: ModelProfile) -> Solver:
    """The solver of that name, asking `provider` as `profile` says. Raises UsageError for an unknown name."""
    return _solver_class(name)(provider, profile)


def _solver_class(name: str) -> Callable[[Provider, ModelProfile], Solver]:
    """The class behind a name: built in first, so that a plugin cannot replace one unnoticed."""
    target = SOLVERS.get(name)
    if target is not None:
        module, _, attribute = target.partition(":")
        return cast("Callable[[Provider, ModelProfile], Solver]", getattr(importlib.import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return cast("Callable[[Provider, ModelProfile], Solver]", point.load())
    raise UsageError(f"unknown solver {name!r}", remedy=f"known: {', '.join(available())}")
