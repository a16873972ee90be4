"""How a trial makes a candidate: one protocol, one factory, a module a solver.

    prompts      Task -> Request          seeds   the seed of every attempt
    single_shot  one question, one reply
    conversation turn by turn, with the model's own replies: what every conversation is held by
    aider        aider's conversation with the model, in a container         agents/  what all agents share
    command      any other command-line agent, from a description of it

A solver that is not listed here is found through the entry point group `harness.solvers`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast

from harness.config import AgentSettings, ModelProfile
from harness.errors import UsageError
from harness.types import AgentRecord, Extraction, Frozen, ModelCall, Reply, Request, Task, Verdict

if TYPE_CHECKING:
    from harness.models import Provider
    from harness.solvers.agents.means import AgentMeans

__all__ = ["SOLVERS", "Solved", "Solver", "Workplace", "available", "open_solver", "solver_for"]

ENTRY_POINTS = "harness.solvers"

SOLVERS = {
    "conversation": "harness.solvers.conversation:Conversation",
    "single_shot": "harness.solvers.single_shot:SingleShot",
    "aider": "harness.solvers.aider:Aider",
    "command": "harness.solvers.command:Command",
}
"""Name -> `module:Class`, imported when that solver is opened. The class takes a Workplace."""


@dataclass(frozen=True)
class Workplace:
    """What a solver has to work with."""

    profile: ModelProfile
    provider: Provider
    settings: AgentSettings
    means: AgentMeans
    """Containers and gateway, for solvers that run an agent."""
    spoken: Callable[[Task, Reply], Extraction]
    """What a reply says, without its thinking, for solvers that tell the model its own words."""
    grade: Callable[[Task, Extraction], tuple[Verdict, str]]
    """(verdict, signature) of a candidate, in a container of its own: for agents that are told of failures."""
    record: Callable[[ModelCall], None]
    """Keeps a call of the gateway before its client has the answer."""
    stopped: Callable[[], str]
    """Why no model may be asked any more; empty while one may."""


class Solved(Frozen):
    """What a solver hands over: a reply to look for a candidate in, or the candidate itself."""

    request: Request
    reply: Reply
    prefix: str = ""
    """Code the prompt ended with and the reply continues; `grading.extract` puts the two together."""
    extraction: Extraction | None = None
    """Set (`handed_over`) by solvers that write files; None where the candidate is in the reply's text."""
    graded: tuple[Verdict, str] | None = None
    """Verdict and signature of the candidate, where the solver had it graded already."""
    agent: AgentRecord | None = None
    cost_usd: float | None = None
    """Of all calls, where the reply is not the only one."""


class Solver(Protocol):
    """A way to get from a task to a candidate with one model."""

    def prepare(self) -> None:
        """See to what every attempt needs and the first would be late to miss, such as an image; may take minutes.

        Raises SandboxError, UsageError: then there is no point in asking any model.
        """

    def solve(self, task: Task, *, seed: int, repeat: int, attempt: int) -> Solved:
        """Make one attempt. Blocks; may be called from many threads at once. Raises ProviderError."""


def available() -> list[str]:
    """Names of all solvers: built in and installed."""
    return sorted({*SOLVERS, *(point.name for point in entry_points(group=ENTRY_POINTS))})


def solver_for(task: Task, chosen: str) -> str:
    """The name of the solver for a task of a run that was told to use `chosen`: a conversation has its own."""
    return chosen if task.runs else "conversation"


def open_solver(name: str, place: Workplace) -> Solver:
    """The solver of that name for one model. Raises UsageError for an unknown name."""
    return _solver_class(name)(place)


def _solver_class(name: str) -> Callable[[Workplace], Solver]:
    """The class behind a name: built in first, so that a plugin cannot replace one unnoticed."""
    target = SOLVERS.get(name)
    if target is not None:
        module, _, attribute = target.partition(":")
        return cast("Callable[[Workplace], Solver]", getattr(importlib.import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINTS, name=name):
        return cast("Callable[[Workplace], Solver]", point.load())
    raise UsageError(f"unknown solver {name!r}", remedy=f"known: {', '.join(available())}")
