"""Progress of one job across the boxes it may need, and whose fault it is when one is lost."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import SandboxError
from harness.sandbox import Box, BoxLost, BoxSilent, session
from harness.types import CaseEvidence, Job

LOSSES = 3
"""Boxes one input may lose, with the engine in good health, before the loss is the candidate's doing."""


class Work:
    """Progress of one job across the boxes it may need."""

    def __init__(self, job: Job, *, apart: bool) -> None:
        self.job = job
        self.apart = apart
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

    def go_on(self, box: Box, healthy: Callable[[], bool]) -> None:
        """Run the remaining inputs in this box, or the next one if they are `apart`, until it is lost."""
        self.intact = False
        try:
            session.begin(box, self.job)
            while not self.finished:
                self.done.append(session.ask(box, self.job, self.job.inputs[len(self.done)]))
                self.losses = 0
                if self.apart:
                    return
            self.intact = True
        except BoxLost as error:
            self._lost(error, "oom" if box.ran_out_of_memory() else "lost", healthy)
        except BoxSilent as error:
            self._lost(error, "timeout", healthy)

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
