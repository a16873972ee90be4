"""Hands out boxes made ahead of time and turns jobs into evidence: one record a job, whatever happens to the boxes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from harness.errors import SandboxError
from harness.sandbox import Box, Sandbox
from harness.sandbox.gate import Gate
from harness.sandbox.patience import Patience
from harness.sandbox.work import Work
from harness.types import CaseEvidence, Evidence, Job

OWN_SHARE = 0.9
"""Of the time limit: a candidate that used more processor time than this was out of time by its own doing."""
ENOUGH = 2
"""Boxes ready, with the one that is taken, for which none has to be made at once."""
SIZES = 2
"""Memory limits for which boxes are kept ready: those asked for last."""


class Pool:
    """Boxes of one backend, each used for one job and destroyed.

    `size` boxes are kept ready once the first was asked for; `run` may be called from many threads. `log` gets a line
    when the engine goes away and when it is back.
    """

    def __init__(
        self, sandbox: Sandbox, size: int = 4, makers: int = 2, log: Callable[[str], None] = lambda line: None
    ) -> None:
        self.sandbox = sandbox
        self._patience = Patience(sandbox, log)
        self._size = size
        self._makers = ThreadPoolExecutor(makers, thread_name_prefix="make-box")
        self._ready: dict[int, deque[Future[Box]]] = defaultdict(deque)
        """By memory limit, the one asked for last at the end."""
        self._lock = threading.Lock()
        self._closed = False
        self._shared = _Shared(2 * size)  # a job may have two
        self._gate = Gate()
        self.infra_failures = 0
        self._layers = sandbox.layers()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, job: Job, share: str = "") -> Evidence:
        """Evidence of every input of the job, in order. Never raises for what a candidate or a box does.

        A box that is lost is replaced and the job goes on where it stopped. `infra` is set, and cases are missing, only
        when the sandbox itself cannot work, or its engine is away for too long. Jobs with the same `share` may use a
        box one after another, as long as the supervisor finds it clean after each; without, a box is used once. Each
        pytest process has one of its own, but where tests and candidate are in two: those never hold both, and are
        shared like any other. An input that was out of time in the company of other jobs, without having had the
        processor all the while, is run again alone.
        """
        began, late = time.monotonic(), 0
        with self._gate.side_by_side() as stay:
            work = self._carry_out(job, share)
        if not work.infra:
            self.warm(job.limits.memory_mb)
        if stay.crowded and any(_suspicious(case, job) for case in work.done):
            with self._gate.alone():
                late = self._again(work, share)
        if work.infra:
            with self._lock:
                self.infra_failures += 1
        return Evidence(
            cases=tuple(work.done),
            clean=work.tries == 1,
            backend=self.sandbox.name,
            isolation=self._layers,
            seconds=time.monotonic() - began,
            tries=work.tries,
            run_again=late,
            infra=work.infra,
        )

    def _carry_out(self, job: Job, share: str) -> Work:
        """The job with every input answered, unless the sandbox failed."""
        work = Work(job)
        memory_mb = job.limits.memory_mb
        # A box that held tests is never one that a candidate gets into.
        keys = [share, share and f"{share} tests"] if work.two_boxes else [share]
        while not work.finished:
            boxes: list[Box] = []
            try:
                # Boxes are made on demand and never counted out, so who holds one does not wait for others.
                for key in keys:
                    boxes.append(self._box(work, key))  # noqa: PERF401  the first must be closed if there is no second
                work.go_on(boxes, self._patience, share=bool(share))
            except SandboxError as error:
                work.infra = str(error)
            finally:
                for key, box in zip(keys, boxes, strict=False):
                    if not (work.reusable and self._shared.put(memory_mb, key, box)):
                        box.close()
        return work

    def _box(self, work: Work, share: str) -> Box:
        # What was made before a loss may have been lost with it, and must not count against the candidate.
        memory_mb = work.job.limits.memory_mb
        return self._take(memory_mb, share) if work.tries == 1 else self._patience.start(memory_mb)

    def _again(self, work: Work, share: str) -> int:
        """Run the inputs again that were out of time, with no other candidate of this pool at work; how many were.

        The first decides: a candidate that is late again was not held up by others.
        """
        late = [number for number, case in enumerate(work.done) if case.ending == "timeout"]
        for part in (late[:1], late[1:]):
            job = work.job.model_copy(update={"inputs": tuple(work.job.inputs[number] for number in part)})
            again = self._carry_out(job, share)
            if again.infra:
                return 0
            for number, case in zip(part, again.done, strict=True):
                work.done[number] = case
            if again.done and again.done[0].ending == "timeout":
                return len(part)
        return len(late)

    def warm(self, memory_mb: int) -> None:
        """Start making boxes of this size before they are needed."""
        with self._lock:
            if not self._closed:
                self._refill(memory_mb)

    def close(self) -> None:
        """Destroy every box that was not used, and wait until all are gone."""
        with self._lock:
            self._closed = True
            waiting = [future for queue in self._ready.values() for future in queue]
            self._ready.clear()
        self._patience.close()
        self._shared.close()
        for future in waiting:
            future.cancel()
        self._makers.shutdown(wait=True)
        for future in waiting:
            if not future.cancelled():
                _close_made(future)

    def abort(self) -> None:
        """Close, with the backend and every box in use: what runs in them ends at once."""
        self.close()
        self.sandbox.close()

    def _take(self, memory_mb: int, share: str) -> Box:
        """A clean box of this `share`, one that is ready, or the next one. Raises SandboxError."""
        box = self._shared.take(memory_mb, share)
        if box is not None:
            return box
        with self._lock:
            if self._closed:
                raise SandboxError("the pool is closed")
            # To make the next one takes a processor from the candidate in this one: it waits for the verdict, as long
            # as there are others.
            if sum(other.done() for other in self._ready[memory_mb]) < ENOUGH:
                self._refill(memory_mb)
            future = self._ready[memory_mb].popleft()
        try:
            return future.result()
        except (SandboxError, CancelledError):
            # Perhaps an old failure: the engine may be well again.
            return self._patience.start(memory_mb)

    def _refill(self, memory_mb: int) -> None:
        queue = self._ready[memory_mb] = self._ready.pop(memory_mb, deque())
        while len(queue) < max(1, self._size):
            queue.append(self._makers.submit(self._patience.start, memory_mb, wait=False))
        # Tasks with limits of their own must not each leave a set of idle boxes behind.
        while len(self._ready) > SIZES:
            for future in self._ready.pop(next(iter(self._ready))):
                if not future.cancel():
                    self._makers.submit(_close_made, future)


def _suspicious(case: CaseEvidence, job: Job) -> bool:
    """Whether a candidate may have been out of time because others had the processor."""
    return case.ending == "timeout" and case.cpu_s < OWN_SHARE * job.limits.timeout_s


def _close_made(future: Future[Box]) -> None:
    if future.exception() is None:
        future.result().close()


class _Shared:
    """Clean boxes waiting for the next candidate of the same task, the longest unused given up first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._boxes: deque[tuple[int, str, Box]] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def take(self, memory_mb: int, share: str) -> Box | None:
        """A box that served this key before, or None."""
        with self._lock:
            for place, (memory, key, box) in enumerate(self._boxes):
                if share and (memory, key) == (memory_mb, share):
                    del self._boxes[place]
                    return box
        return None

    def put(self, memory_mb: int, share: str, box: Box) -> bool:
        """Keep a clean box; whether it was kept."""
        with self._lock:
            if self._closed:
                return False
            self._boxes.append((memory_mb, share, box))
            oldest = self._boxes.popleft()[2] if len(self._boxes) > self._size else None
        if oldest is not None:
            oldest.close()
        return True

    def close(self) -> None:
        """Destroy them all."""
        with self._lock:
            self._closed = True
            boxes = [box for _, _, box in self._boxes]
            self._boxes.clear()
        for box in boxes:
            box.close()
