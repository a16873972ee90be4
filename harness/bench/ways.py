"""Ways to do a unit of work: the harness's own, and the floors they stand beside."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness import host
from harness.bench import unit
from harness.bench.load import Call, in_threads
from harness.bench.report import Subject
from harness.errors import SandboxError
from harness.sandbox import Box, Sandbox, open_sandbox
from harness.sandbox.pool import Pool
from harness.types import IsolationLevel

if TYPE_CHECKING:
    import docker

WARM_S = 120.0
"""Seconds a pool may take until its boxes are ready."""
FORKER = """
import os
while os.read(0, 1):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    os.write(1, b".")
"""


class Way(Protocol):
    """Something that does units of work."""

    subject: Subject
    period: int
    """What is not needed for each unit is needed once in so many."""

    def open(self, concurrency: int) -> AbstractContextManager[Call]:
        """Ready to be asked by so many workers at once; when it closes, nothing is left running."""


class Watched:
    """A backend that counts the boxes it made, so that a bench can wait until a pool is full."""

    def __init__(self, real: Sandbox) -> None:
        self.real, self.name, self.layers = real, real.name, real.layers
        self.made = 0
        self._changed = threading.Condition()

    def start(self, memory_mb: int) -> Box:
        box = self.real.start(memory_mb)
        with self._changed:
            self.made += 1
            self._changed.notify_all()
        return box

    def close(self) -> None:
        self.real.close()

    def wait_for(self, boxes: int) -> None:
        """Wait until so many were made. Raises SandboxError when they do not come."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.made >= boxes, WARM_S):
                raise SandboxError(f"{self.name} made {self.made} of {boxes} boxes in {WARM_S:.0f} s")

    @property
    def calls(self) -> int | None:
        """Requests to the engine so far, where the backend counts them."""
        found: int | None = getattr(self.real, "calls", None)
        return found


class WarmPool:
    """A pool of boxes used once each that is full before it is asked."""

    def __init__(self, backend: Watched, size: int) -> None:
        self._backend, self._size, self._taken = backend, size, 0
        self._pool = Pool(backend, size=size)
        self._task = unit.task("warm")
        self._lock = threading.Lock()

    def fill(self) -> None:
        """Wait until every box is ready."""
        self._pool.warm(unit.LIMITS.memory_mb)
        self._backend.wait_for(self._size + self._taken)

    def call(self, _: int) -> None:
        """One verdict."""
        with self._lock:
            self._taken += 1
        unit.verdict(self._task, self._pool, "candidate")

    def close(self) -> None:
        """Destroy the boxes that are left."""
        self._pool.close()


class Verdicts:
    """Verdicts of the harness."""

    def __init__(self, backend: str, isolation: IsolationLevel) -> None:
        self.subject = Subject(way=f"{backend}, isolation {isolation}", backend=backend, isolation=isolation)
        self.isolation: IsolationLevel = isolation
        self.period = unit.PER_TASK if isolation == "task" else 1

    @contextlib.contextmanager
    def open(self, concurrency: int) -> Iterator[Call]:
        # In the middle of long work boxes used once are taken faster than made; those used again wait to be taken.
        with self.backend() as backend, self.calls(backend, concurrency, full=self.isolation == "task") as call:
            yield call

    @contextlib.contextmanager
    def backend(self) -> Iterator[Watched]:
        """A backend of its own, so that at the end everything it made is gone, and not on its way out."""
        assert self.subject.backend is not None
        with contextlib.closing(Watched(open_sandbox(self.subject.backend))) as backend:
            yield backend

    @contextlib.contextmanager
    def calls(self, backend: Watched, concurrency: int, *, full: bool) -> Iterator[Call]:
        """Verdicts through a pool of this backend; `full`: each worker had one, and all boxes to be kept are ready."""
        # A worker has tasks of its own, one box for `PER_TASK` candidates however many work at once, and is at another
        # place of them than the others.
        numbers = [count(worker * unit.PER_TASK // concurrency) for worker in range(concurrency)]
        with Pool(backend, size=concurrency) as pool:

            def call(worker: int) -> None:
                one = unit.task(f"{worker}-{next(numbers[worker]) // unit.PER_TASK}")
                unit.verdict(one, pool, self.isolation)

            if full:
                in_threads(call, concurrency)
                pool.warm(unit.LIMITS.memory_mb)
                backend.wait_for(2 * concurrency)
            yield call


class Interpreter:
    """The least that a new Python costs: `python3 -c pass` on the host, not isolated at all."""

    subject = Subject(way="python3 -c pass")
    period = 1

    @contextlib.contextmanager
    def open(self, concurrency: int) -> Iterator[Call]:
        # Not the one of an environment, which looks for packages first.
        own = Path(sys.base_prefix, "bin", "python3")
        yield _program([str(own) if own.exists() else sys.executable, "-c", "pass"])


class Fork:
    """The least that a process costs: fork, exit and wait in a small Python that runs already."""

    subject = Subject(way="warm fork and exit")
    period = 1

    @contextlib.contextmanager
    def open(self, concurrency: int) -> Iterator[Call]:
        with contextlib.ExitStack() as stack:
            command = [sys.executable, "-I", "-S", "-c", FORKER]
            forkers = [
                stack.enter_context(subprocess.Popen(command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
                for _ in range(concurrency)
            ]

            def call(worker: int) -> None:
                to, back = forkers[worker].stdin, forkers[worker].stdout
                assert to is not None
                assert back is not None
                to.write(b".")
                if back.read(1) != b".":
                    raise SandboxError("the process that forks is gone")

            # They end with their input, which leaving the stack closes.
            yield call


class DockerRun:
    """`docker run --rm --network none IMAGE python3 -c pass`, all else at the engine's defaults: what ratios are to.

    Without a network because the default one depends on more than the engine (a bridge, rules of the firewall) and
    makes a container slower still.
    """

    period = 1

    def __init__(self, image: str) -> None:
        self._image = image
        self._command_line = shutil.which("docker")
        name = (
            "docker run --rm (command line)" if self._command_line else "create to remove by docker-py, as docker run"
        )
        self.subject = Subject(way=name)

    @contextlib.contextmanager
    def open(self, concurrency: int) -> Iterator[Call]:
        from harness.sandbox.engine import connect
        from harness.sandbox.reaper import owner_labels

        labels = owner_labels()
        if self._command_line:
            marks = [f"--label={key}={value}" for key, value in labels.items()]
            yield _program(
                [self._command_line, "run", "--rm", "--network=none", *marks, self._image, "python3", "-c", "pass"]
            )
            return
        with contextlib.closing(connect()) as client:
            yield _through_library(client, self._image, labels)


def _program(command: list[str]) -> Call:
    def call(_: int) -> None:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            raise SandboxError(f"`{command[0]}` ended with {done.returncode}:\n{host.tail(done.stderr)}")

    return call


def _through_library(client: docker.APIClient, image: str, labels: dict[str, str]) -> Call:
    without = client.create_host_config(network_mode="none")

    def call(_: int) -> None:
        made: Any = client.create_container(image, ["python3", "-c", "pass"], labels=labels, host_config=without)
        try:
            attached: Any = client.attach_socket(made, params={"stdout": 1, "stderr": 1, "stream": 1})
            with contextlib.closing(attached), contextlib.closing(getattr(attached, "_sock", attached)):
                client.start(made)
                ended = client.wait(made)
        finally:
            client.remove_container(made, v=True, force=True)
        if ended["StatusCode"] != 0:
            raise SandboxError(f"python3 -c pass ended with {ended['StatusCode']} in the image {image}")

    return call
