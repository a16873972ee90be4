"""What a verifier is, and how one is found: `verifiers/<kind>.py` holds a class `Verifier`."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import Field

from harness.content import load_module
from harness.types import Assurance, Candidate, Case, CaseEvidence, CaseResult, Evidence, Frozen, Job, Outcome, Task

CLIP = 4000


class Plan(Frozen):
    """What a sandbox is to do for one candidate, and what only the host knows about it."""

    job: Job
    secret: dict[str, Any] = Field(default_factory=dict)
    """Never sent: which tests are mutated, what is called what."""
    left_out: tuple[str, ...] = ()
    """What the signature must not depend on: ids of inputs that are drawn anew each time, and paths of hidden test
    files, whose tests hold the expected values."""
    assurance: Assurance | None = None
    """How far the verdict can be trusted, where that is another thing for this task than for its kind."""
    comparable: bool = True
    """False where hidden tests are all there is to run: only the files of two candidates can be compared then."""


class Verifier(Protocol):
    """Turns a task and a candidate into a job, and the evidence of that job into results."""

    assurance: Assurance

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        """The job: code and inputs, no expected value."""

    def verify(self, task: Task, plan: Plan, evidence: Evidence) -> list[CaseResult]:
        """One result for every case of the task, in order. Host only."""


def open_verifier(kind: str) -> Verifier:
    """The verifier of a task kind. Raises UsageError naming those there are."""
    found: Verifier = load_module("verifiers", kind).Verifier()
    return found


ENDINGS = {
    "timeout": Outcome.timeout,
    "oom": Outcome.oom,
    "output_limit": Outcome.output_limit,
    "signal": Outcome.crash,
    "lost": Outcome.crash,
    "exit": Outcome.runtime_error,
    "exception": Outcome.runtime_error,
    "rejected": Outcome.wrong_answer,
    "value": Outcome.wrong_answer,
}
"""How an ending counts unless the case asked for it."""


def uncaught(seen: CaseEvidence) -> bool:
    """Whether a program ended with an uncaught exception, as far as its last words tell."""
    if seen.ending != "exit" or seen.exit_code != 1:
        return False
    last = seen.stderr.rstrip().rpartition(b"\n")[2]
    # A module that cannot be compiled has no traceback.
    no_code = (b"SyntaxError: ", b"IndentationError: ", b"TabError: ")
    return b"Traceback (most recent call last)" in seen.stderr or last.startswith(no_code)


def result(
    case: Case,
    evidence: CaseEvidence,
    outcome: Outcome,
    *,
    points: float | None = None,
    expected: str = "",
    got: str = "",
    detail: str = "",
) -> CaseResult:
    """A case's result with what people want to see of the evidence, clipped."""
    full = float(case.points)
    # Not checked: all of it is made here, of what was checked.
    return CaseResult.model_construct(
        id=case.id,
        outcome=outcome,
        visible=case.visible,
        points=(full if outcome is Outcome.passed else 0.0) if points is None else points,
        max_points=full,
        expected=clip(expected),
        got=clip(got),
        output=clip((evidence.stdout + evidence.stderr).decode("utf-8", "replace")),
        detail=clip(detail or evidence.detail),
        seconds=evidence.wall_s,
    )


def clip(text: str, limit: int = CLIP) -> str:
    """At most `limit` characters, with the number left out; NUL and lone surrogates made storable."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    if "\x00" in text:
        text = text.replace("\x00", "\\0")
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"
