"""What can become of a candidate."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a candidate or of one case, mildest first; `worst` picks the most telling one."""

    passed = "passed"
    unscored = "unscored"
    """Nothing here can say: only a judge could, and none has. In no rate, and counted."""
    wrong_answer = "wrong_answer"
    runtime_error = "runtime_error"
    crash = "crash"
    output_limit = "output_limit"
    timeout = "timeout"
    oom = "oom"
    artifact_rejected = "artifact_rejected"
    tampered = "tampered"
    no_candidate = "no_candidate"
    infra_error = "infra_error"

    @property
    def counts(self) -> bool:
        """Whether it is in the denominator of a rate."""
        return self not in (Outcome.infra_error, Outcome.unscored)

    @classmethod
    def worst(cls, outcomes: list[Outcome]) -> Outcome:
        """The outcome that stands for several cases together; `passed` needs at least one case, all passed."""
        order = list(cls)
        return max(outcomes, key=order.index) if outcomes else cls.runtime_error
