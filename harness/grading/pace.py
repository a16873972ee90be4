"""How long a candidate may take on this machine: the task's own limit, or several times what its reference needs here.

Limits that ignore the machine's speed turn verdicts over. The reference is measured only once a candidate was out of
time, and once for each task of a process: where nothing is late it costs nothing.
"""

from __future__ import annotations

import threading

from harness.grading.verifier import open_verifier
from harness.sandbox.pool import Pool
from harness.types import Candidate, Evidence, Job, Limits, Task

SLACK = 5.0
"""Times the reference's slowest case that a candidate may take."""
ROOM = 20.0
"""Times the task's limit that the reference may take while it is measured."""
LONGEST_S = 3600.0

_needed: dict[tuple[str, str, str], float] = {}
_measuring = threading.Lock()


def run(task: Task, job: Job, pool: Pool, share: str) -> tuple[Evidence, float]:
    """(evidence, seconds a case could take) of a job; run again with more time where this machine is slow."""
    evidence = pool.run(job, share)
    limit = job.limits.timeout_s
    if evidence.infra or not any(case.ending == "timeout" for case in evidence.cases):
        return evidence, limit
    fair = SLACK * _reference_seconds(task, pool)
    if fair <= limit:
        return evidence, limit
    return pool.run(_with_limit(job, fair), share), fair


def _reference_seconds(task: Task, pool: Pool) -> float:
    """Processor seconds of the reference's slowest case here; 0.0 without one, or if it does not get through."""
    if task.reference is None:
        return 0.0
    key = (pool.sandbox.name, task.id, task.content_hash)
    with _measuring:
        if key not in _needed:
            plan = open_verifier(task.kind).plan(task, Candidate(files=task.reference.files))
            seen = pool.run(_with_limit(plan.job, ROOM * task.limits.timeout_s))
            if seen.infra:
                return 0.0  # measured when the sandbox works again
            through = all(case.ending != "timeout" for case in seen.cases)
            # Processor time: other work on the machine does not change it, and no machine makes a sleep longer.
            _needed[key] = max((case.cpu_s for case in seen.cases), default=0.0) if through else 0.0
        return _needed[key]


def _with_limit(job: Job, timeout_s: float) -> Job:
    limits: Limits = job.limits.model_copy(update={"timeout_s": min(timeout_s, LONGEST_S)})
    return job.model_copy(update={"limits": limits})
