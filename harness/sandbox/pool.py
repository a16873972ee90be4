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
from harness.sandbox import Box, BoxLost, BoxSilent, Sandbox, session
from harness.types import CallInput, CaseEvidence, Evidence, Job, Limits, PytestInput

PAUSES_S = (0.3, 3.0)
"""Before each further try to start a box for a job; after the last one the sandbox counts as broken."""
SIZES = 2
"""Memory limits for which boxes are kept ready: those asked for last."""
LOSSES = 3
"""Boxes one input may lose, with the engine in good health, before the loss is the candidate's doing."""


class Pool:
    """Boxes of one backend, each used for one job and destroyed.

    `size` boxes are kept ready once the first was asked for; `run` may be called from many threads.
    """

    def __init__(self, sandbox: Sandbox, size: int = 4, makers: int = 2) -> None:
        self.sandbox = sandbox
        self._size = size
        self._makers = ThreadPoolExecutor(makers, thread_name_prefix="make-box")
        self._ready: dict[int, deque[Future[Box]]] = defaultdict(deque)
        """By memory limit, the one asked for last at the end."""
        self._lock = threading.Lock()
        self._closed = False
        self._shared = _Shared(size)
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
        when the sandbox itself cannot work. Jobs with the same `share` may use a box one after another, as long as the
        supervisor finds it clean after each; without, a box is used once, and each pytest process has one of its own.
        """
        began = time.monotonic()
        work = _Work(job, apart=not share and any(isinstance(item, PytestInput) for item in job.inputs))
        memory_mb = job.limits.memory_mb
        while not work.finished:
            try:
                # What was made before a loss may have been lost with it, and must not count against the candidate.
                box = self._take(memory_mb, share) if work.tries == 1 else self._start(memory_mb)
            except SandboxError as error:
                work.infra = str(error)
                break
            reusable = False
            try:
                work.go_on(box, self._healthy)
                reusable = bool(share) and work.intact and _ended_clean(box)
            finally:
                if not (reusable and self._shared.put(memory_mb, share, box)):
                    box.close()
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
            infra=work.infra,
        )

    def warm(self, memory_mb: int) -> None:
        """Start making boxes of this size before they are needed."""
        with self._lock:
            self._refill(memory_mb)

    def close(self) -> None:
        """Destroy every box that was not used, and wait until all are gone."""
        with self._lock:
            self._closed = True
            waiting = [future for queue in self._ready.values() for future in queue]
            self._ready.clear()
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
            self._refill(memory_mb)
            future = self._ready[memory_mb].popleft()
        try:
            return future.result()
        except (SandboxError, CancelledError):
            # Perhaps an old failure: the engine may be well again.
            return self._start(memory_mb)

    def _start(self, memory_mb: int) -> Box:
        """A box made from now on. Raises SandboxError after several failed tries."""
        for pause in (*PAUSES_S, None):
            if self._closed:
                raise SandboxError("the pool is closed")
            try:
                return self.sandbox.start(memory_mb)
            except SandboxError:
                if pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _refill(self, memory_mb: int) -> None:
        queue = self._ready[memory_mb] = self._ready.pop(memory_mb, deque())
        while len(queue) < max(1, self._size):
            queue.append(self._makers.submit(self.sandbox.start, memory_mb))
        # Tasks with limits of their own must not each leave a set of idle boxes behind.
        while len(self._ready) > SIZES:
            for future in self._ready.pop(next(iter(self._ready))):
                if not future.cancel():
                    self._makers.submit(_close_made, future)

    def _healthy(self) -> bool:
        """Whether an honest candidate is served right now: tells a hostile candidate from a broken engine."""
        honest = CallInput(id="probe", args=(), kwargs={})
        probe = Job(source="def f():\n    return 1\n", entry="f", limits=Limits(), inputs=(honest,))
        try:
            box = self.sandbox.start(probe.limits.memory_mb)
        except SandboxError:
            return False
        try:
            session.begin(box, probe)
            return session.ask(box, probe, probe.inputs[0]).ending == "value"
        except SandboxError:
            return False
        finally:
            box.close()


def _close_made(future: Future[Box]) -> None:
    if future.exception() is None:
        future.result().close()


def _ended_clean(box: Box) -> bool:
    try:
        return session.end(box)
    except SandboxError:
        return False


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


class _Work:
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
