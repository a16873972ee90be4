"""What evidence is worth: Verdict -> CaseResult."""

from __future__ import annotations

from typing import Literal

from harness.types.base import Frozen
from harness.types.outcomes import Outcome

Assurance = Literal["proof", "tamper-evident", "recorded"]
"""How sure a verdict is of being the candidate's own work; recorded: another system said so, nothing was run here."""


IsolationLevel = Literal["candidate", "task"]


class CaseResult(Frozen):
    """Verdict on one case."""

    id: str
    outcome: Outcome
    visible: bool = False
    points: float = 0.0
    max_points: float = 1.0
    expected: str = ""
    """For people; reports hide it for hidden cases unless asked."""
    got: str = ""
    output: str = ""
    """stdout and stderr, clipped."""
    detail: str = ""
    seconds: float = 0.0


class Verdict(Frozen):
    """Outcome and score of one candidate."""

    outcome: Outcome
    points: float = 0.0
    max_points: float = 0.0
    cases: tuple[CaseResult, ...] = ()
    assurance: Assurance = "proof"
    isolation: IsolationLevel = "candidate"
    backend: str = ""
    layers: dict[str, str] = {}
    seconds: float = 0.0
    detail: str = ""

    @property
    def score(self) -> float:
        """Share of the points, 0..1."""
        return self.points / self.max_points if self.max_points else 0.0

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.passed

    @property
    def visible_score(self) -> float | None:
        """Share of the points of visible cases; None without any."""
        shown = [case for case in self.cases if case.visible]
        total = sum(case.max_points for case in shown)
        return sum(case.points for case in shown) / total if total else None
