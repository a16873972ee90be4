"""What the store keeps: Attempt, Selection."""

from __future__ import annotations

from typing import Any, Literal

from harness.types.agents import AgentRecord, AttemptKey
from harness.types.answers import Extraction
from harness.types.base import Frozen
from harness.types.models import Reply
from harness.types.outcomes import Outcome
from harness.types.tasks import Kind
from harness.types.verdicts import Verdict


class Attempt(Frozen):
    """One sample drawn from one model for one task in one repeat: the row everything after grading works on."""

    task: str
    suite: str
    category: str
    kind: Kind
    model: str
    repeat: int
    attempt: int
    seed: int | None
    solver: str
    request: dict[str, Any] = {}
    """`Request` as JSON, without the task."""
    prefix: str = ""
    """Code the prompt ended with (style completion), which the reply continues."""
    reply: Reply | None = None
    extraction: Extraction | None = None
    verdict: Verdict | None = None
    """None only for a provider failure."""
    error: str = ""
    """Provider failure: neither dropped from a rate nor scored as a wrong answer."""
    signature: str = ""
    """Hash of the outputs on the inputs, for selection by agreement; empty where there are none. Of the files, after
    `files-`, where only hidden tests would give outputs."""
    agent: AgentRecord | None = None
    """Where an agent made the candidate; `reply` then holds the sum of its calls, and no text."""
    cost_usd: float | None = None
    """At the catalogue's price when the run was made; None where no price is known."""
    started: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0
    task_hash: str = ""

    @property
    def key(self) -> AttemptKey:
        return AttemptKey(task=self.task, model=self.model, repeat=self.repeat, attempt=self.attempt)

    @property
    def candidate_hash(self) -> str:
        """Hash of the candidate, empty when there is none."""
        found = self.extraction.candidate if self.extraction else None
        return found.hash if found else ""

    @property
    def outcome(self) -> Outcome:
        return self.verdict.outcome if self.verdict else Outcome.infra_error

    @property
    def first_verdict(self) -> Verdict | None:
        """The verdict before an agent was told anything of hidden tests; `verdict` where it never was."""
        return self.agent.earlier[0].verdict if self.agent and self.agent.earlier else self.verdict


class Selection(Frozen):
    """The attempt that best-of-N picked for (task, model, repeat)."""

    task: str
    model: str
    repeat: int
    attempt: int
    method: Literal["verifier", "vote", "first", "judge"]
    reason: str
