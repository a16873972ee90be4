"""Progress of one job across the boxes it may need, and whose fault it is when one is lost."""

from __future__ import annotations

from harness.errors import SandboxError
from harness.sandbox import Box, BoxLost, BoxSilent, session
from harness.sandbox.patience import Patience
from harness.sandbox.relay import Relay
from harness.types import CallInput, CaseEvidence, Job, JobInput, PytestInput

LOSSES = 3
"""Boxes one input may lose, with the engine in good health, before the loss is the candidate's doing."""
TIMEOUTS_BEFORE_GIVING_UP = 3
EXCUSES = 20
"""Boxes one input may lose to others (removed, gone with their engine) before the sandbox counts as broken."""


class Work:
    """Progress of one job across the boxes it may need."""

    def __init__(self, job: Job) -> None:
        self.job = job
        tests = [item for item in job.inputs if isinstance(item, PytestInput)]
        self.two_boxes = bool(tests) and all(item.candidate is not None for item in tests)
        """The tests have a box and the candidate another one."""
        self.apart = bool(tests) and not self.two_boxes
        """Every input in a box of its own, so that nothing tells one process that another came before it."""
        self.calls = all(isinstance(item, CallInput) for item in job.inputs)
        self.done: list[CaseEvidence] = []
        self.tries = 1
        self.losses = 0
        self.excuses = 0
        self.infra = ""
        self.reusable = False
        """The last boxes answered to the end, and nothing of the candidate is left in them."""
        self._on_their_way = 1
        """Inputs that the box has, of which one may be what it was lost to."""
        self._outages = 0
        """Of the engine, when the first of these losses had not happened yet."""

    @property
    def finished(self) -> bool:
        return bool(self.infra) or len(self.done) == len(self.job.inputs)

    def go_on(self, boxes: list[Box], engine: Patience, *, share: bool) -> None:
        """Run the remaining inputs in these boxes, or the next one if they are `apart`, until one is lost.

        `share`: try to leave the boxes `reusable`.
        """
        self.reusable = False
        if self.losses == 0:
            self._outages = engine.outages
        try:
            if self.calls:
                self.reusable = self._call(boxes[0], share)
            else:
                self._run(boxes)
                self.reusable = share and not self.apart and all(session.end(box) for box in boxes)
        except BoxLost as error:
            if self._nobodys_fault():
                return
            try:
                oom = any(box.ran_out_of_memory() for box in boxes)
            except SandboxError as reason:
                # It was taken away, or its engine is: nothing that a candidate could bring about.
                self._excuse(reason)
            else:
                self._lost(error, "oom" if oom else "lost", engine)
        except BoxSilent as error:
            if not self._nobodys_fault():
                self._lost(error, "timeout", engine)

    def _nobodys_fault(self) -> bool:
        """Whether the loss of a box says nothing of any one input: it came after the last, or several were on their
        way, which are then tried one by one."""
        if not self.finished:
            self.tries += 1
        return self.finished or self._on_their_way > 1

    def _call(self, box: Box, share: bool) -> bool:
        """The remaining calls, as far as this box serves them; whether it can have another candidate then."""
        clean: bool | None = True
        while not self.finished:
            rest = self.job.inputs[len(self.done) :]
            # After a loss one by one: whose fault the next is must be known.
            some = rest[:1] if self.job.fresh or self.tries > 1 else rest
            self._on_their_way = len(some)
            end = self.job.fresh or (share and len(some) == len(rest))
            served = session.calls(box, self.job, some, self._keep, start=clean is not None, end=end)
            clean = served.clean
            if not served.loaded:
                self._fill(self.done[-1].model_copy(update={"wall_s": 0.0, "cpu_s": 0.0}))
            elif sum(case.ending == "timeout" for case in self.done) >= TIMEOUTS_BEFORE_GIVING_UP:
                self._fill(CaseEvidence(id="", ending="timeout", detail="not run: earlier cases timed out"))
            if clean is False:
                break
        return clean is True

    def _fill(self, case: CaseEvidence) -> None:
        """The same for all inputs that remain."""
        for item in self.job.inputs[len(self.done) :]:
            self._keep(case.model_copy(update={"id": item.id}))

    def _run(self, boxes: list[Box]) -> None:
        if not self.two_boxes:
            session.begin(boxes[0], self.job)
        while not self.finished:
            self._keep(self._ask(boxes, self.job.inputs[len(self.done)]))
            if self.apart:
                return

    def _ask(self, boxes: list[Box], item: JobInput) -> CaseEvidence:
        if not (self.two_boxes and isinstance(item, PytestInput)):
            return session.ask(boxes[0], self.job, item)
        candidate, tests = boxes
        return Relay(tests, candidate, self.job).run(item)

    def _keep(self, case: CaseEvidence) -> None:
        self.done.append(case)
        self.losses = self.excuses = 0

    def _lost(self, error: SandboxError, ending: str, engine: Patience) -> None:
        """Decide whose fault it was: the kernel's word for memory, otherwise repetition beside an honest control."""
        if ending != "oom":
            self.losses += 1
            if self.losses < LOSSES:
                return
            # Asked before the outages are counted: it waits until the engine is back, and so notes one.
            healthy = engine.healthy()
            if engine.outages != self._outages:
                self._excuse(error)
                return
            if not healthy:
                self.infra = str(error)
                return
        ident = self.job.inputs[len(self.done)].id
        self._keep(CaseEvidence.model_validate({"id": ident, "ending": ending, "detail": error.message[:500]}))

    def _excuse(self, reason: SandboxError) -> None:
        self.losses = 0
        self.excuses += 1
        if self.excuses > EXCUSES:
            self.infra = f"{EXCUSES} containers in a row were lost to others, the last so: {reason}"
