"""Progress of one job across the boxes it may need, and whose fault it is when one is lost."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import SandboxError
from harness.sandbox import Box, BoxLost, BoxSilent, session
from harness.sandbox.relay import Relay
from harness.types import CaseEvidence, Job, JobInput, PytestInput

LOSSES = 3
"""Boxes one input may lose, with the engine in good health, before the loss is the candidate's doing."""


class Work:
    """Progress of one job across the boxes it may need."""

    def __init__(self, job: Job) -> None:
        self.job = job
        tests = [item for item in job.inputs if isinstance(item, PytestInput)]
        self.two_boxes = bool(tests) and all(item.candidate is not None for item in tests)
        """The tests have a box and the candidate another one."""
        self.apart = bool(tests) and not self.two_boxes
        """Every input in a box of its own, so that nothing tells one process that another came before it."""
        self.done: list[CaseEvidence] = []
        self.tries = 1
        self.losses = 0
        self.infra = ""
        self.intact = False
        """The last box answered to the end."""

    @property
    def finished(self) -> bool:
        return bool(self.infra) or len(self.done) == len(self.job.inputs)

    def go_on(self, boxes: list[Box], healthy: Callable[[], bool]) -> None:
        """Run the remaining inputs in these boxes, or the next one if they are `apart`, until one is lost."""
        self.intact = False
        try:
            if not self.two_boxes:
                session.begin(boxes[0], self.job)
            while not self.finished:
                self.done.append(self._ask(boxes, self.job.inputs[len(self.done)]))
                self.losses = 0
                if self.apart:
                    return
            self.intact = True
        except BoxLost as error:
            out_of_memory = any(box.ran_out_of_memory() for box in boxes)
            self._lost(error, "oom" if out_of_memory else "lost", healthy)
        except BoxSilent as error:
            self._lost(error, "timeout", healthy)

    def _ask(self, boxes: list[Box], item: JobInput) -> CaseEvidence:
        if not (self.two_boxes and isinstance(item, PytestInput)):
            return session.ask(boxes[0], self.job, item)
        candidate, tests = boxes
        return Relay(tests, candidate, self.job).run(item)

    def _lost(self, error: SandboxError, ending: str, healthy: Callable[[], bool]) -> None:
        """Decide whose fault it was: the kernel's word for memory, otherwise repetition beside an honest control."""
        self.losses += 1
        self.tries += 1
        if ending != "oom" and self.losses < LOSSES:
            return
        if ending != "oom" and not healthy():
            self.infra = str(error)
            return
        ident = self.job.inputs[len(self.done)].id
        self.done.append(CaseEvidence.model_validate({"id": ident, "ending": ending, "detail": error.message[:500]}))
        self.losses = 0
