"""What an agent did beside its candidate: ModelCall, AgentRecord."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from harness.types.answers import Candidate
from harness.types.base import Frozen
from harness.types.models import Reply
from harness.types.verdicts import Verdict


class AttemptKey(Frozen):
    """Identity of an attempt within a run."""

    task: str
    model: str
    repeat: int
    attempt: int


class ModelCall(Frozen):
    """One request that came through the gateway, and what became of it: one row of a run's calls."""

    session: str
    """Which of the sessions: a name for its token, not the token."""
    number: int
    """1 for the first request of its session."""
    attempt: AttemptKey | None = None
    """None for calls of people's own tools."""
    asked: str
    """The model's name as the client wrote it."""
    model: str = ""
    """The model that was asked, as the catalogue calls it; empty where the request was refused before."""
    request: Any = None
    """The body as it came, parsed JSON."""
    reply: Reply | None = None
    status: int = 200
    """HTTP status of the answer; 499 where the client hung up first."""
    error: str = ""
    """What the client was told instead of a reply: code and message."""
    cost_usd: float | None = None
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0


class AgentEnding(StrEnum):
    """Why an agent stopped. What its files are worth is the verdict's business."""

    finished = "finished"
    """By itself, with something changed."""
    no_edit = "no_edit"
    """By itself, with every file as it was."""
    timeout = "timeout"
    """At the limit of its wall time."""
    crash = "crash"
    """Its process ended as none should that is done."""
    refused = "refused"
    """The gateway refused its calls: a budget of the attempt was spent."""
    context_exhausted = "context_exhausted"
    """What it had to say no longer fitted into the model's window."""


class Try(Frozen):
    """A round of an agent before its last one, and what it was told of it."""

    candidate: Candidate | None
    verdict: Verdict
    told: str
    """The failures of hidden tests, as the agent got them."""
    seconds: float = 0.0
    """The agent's own time."""


class AgentRecord(Frozen):
    """What an agent did in its container, beside its candidate."""

    agent: str
    """Name and version."""
    image: str = ""
    session: str = ""
    """Joins the attempt's calls (`ModelCall.session`)."""
    ending: AgentEnding
    detail: str = ""
    earlier: tuple[Try, ...] = ()
    """Tries before the last, whose verdict is the attempt's."""
    calls: int = 0
    """Requests that the gateway answered with a reply."""
    refused: int = 0
    """Requests that it refused."""
    counts: dict[str, int] = {}
    """What the agent counts of itself: `reflections`, `edit_errors`, `test_runs`, ...; see docs/agents.md."""
    transcript: str = ""
    diff: str = ""
    """Unified, between the task's files and the candidate; made on the host."""
    left: tuple[str, ...] = ()
    """What it changed beside the declared files, which is not taken."""
    start_s: float = 0.0
    """Until the agent's process ran, seconds."""
    first_call_s: float | None = None
    """Until its first request to a model, seconds from the same moment."""
    wall_s: float = 0.0
