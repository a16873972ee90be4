"""Where untrusted code runs: disposable boxes with a supervisor inside, made by a backend, handed out by a pool.

grading -> Pool.run(job) -> Sandbox.start() -> Box  <- frames ->  sandboxes/runner/ inside
                         -> Evidence
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from harness.errors import SandboxError, UsageError


class BoxLost(SandboxError):
    """The stream to a box ended before it answered."""


class BoxSilent(SandboxError):
    """A box did not answer in time, although its supervisor enforces every limit itself."""


class BoxTaken(SandboxError):
    """Somebody else removed a box, which no candidate can do."""


class Box(Protocol):
    """One disposable container (or namespace) with a supervisor waiting in it."""

    def send(self, header: dict[str, Any], blobs: dict[str, bytes]) -> None:
        """One frame in. Raises BoxLost."""

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The next frame out. Raises BoxLost, BoxSilent."""

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed something in the box for want of memory; asked after it was lost.

        Raises BoxTaken when somebody removed it, SandboxError when its engine is away: no candidate may be able to
        bring either about.
        """

    def close(self) -> None:
        """Destroy the box; never raises, may be called twice."""


class Sandbox(Protocol):
    """A backend that makes boxes."""

    name: str

    def start(self, memory_mb: int) -> Box:
        """A fresh box that has said hello. Called from several threads.

        Raises EngineUnavailable when no box at all can be made, which may pass, SandboxError for other failures.
        """

    def layers(self) -> dict[str, str]:
        """The isolation layers in force, for verdicts and the manifest."""

    def close(self) -> None:
        """Remove everything this backend made."""


BACKENDS = {"docker": "harness.sandbox.docker:DockerSandbox"}
"""Name -> `module:Class`, imported when chosen."""


def open_sandbox(name: str = "auto", log: Any = None) -> Sandbox:
    """The backend called `name`; `auto` takes the container engine.

    Raises UsageError for an unknown name, EngineUnavailable with a remedy when no engine can be had.
    """
    from importlib.metadata import entry_points

    chosen = "docker" if name == "auto" else name
    plugins = {point.name: point for point in entry_points(group="harness.sandbox")}
    if chosen in BACKENDS:
        module, _, attribute = BACKENDS[chosen].partition(":")
        make = getattr(importlib.import_module(module), attribute)
    elif chosen in plugins:
        make = plugins[chosen].load()
    else:
        raise UsageError(f"no sandbox {name!r}", remedy=f"available: {', '.join(['auto', *BACKENDS, *plugins])}")
    backend: Sandbox = make(log=log or (lambda line: None))
    return backend
