"""Where untrusted code runs: disposable boxes with a supervisor inside, made by a backend, handed out by a pool.

grading -> Pool.run(job) -> Sandbox.start() -> Box  <- frames ->  sandboxes/runner/ inside
                         -> Evidence
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

from harness.errors import EngineUnavailable, SandboxError, UsageError
from harness.host import Log
from harness.types import SandboxLevel

ENGINE_ANSWERS_WITHIN_S = 20.0
"""Otherwise `auto` does without it."""


SEND_S = 30.0
"""A supervisor that is about to read takes no longer to accept more of a frame."""

Frame = tuple[dict[str, Any], dict[str, bytes]]
"""Header and named blobs of one message to or from a box."""


class BoxLost(SandboxError):
    """The stream to a box ended before it answered."""


class BoxSilent(SandboxError):
    """A box did not answer in time, although its supervisor enforces every limit itself."""


class BoxTaken(SandboxError):
    """Somebody else removed a box, which no candidate can do."""


class Box(Protocol):
    """One disposable container (or namespace) with a supervisor waiting in it."""

    def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
        """Frames in, which the supervisor takes within that time. Raises BoxLost."""

    def receive(self, timeout_s: float) -> Frame:
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


BACKENDS = {
    "docker": "harness.sandbox.docker:DockerSandbox",
    "bubblewrap": "harness.sandbox.bubblewrap:BubblewrapSandbox",
}
"""Name -> `module:Class`, imported when chosen."""


def open_sandbox(name: str = "auto", log: Log | None = None, require: SandboxLevel | None = None) -> Sandbox:
    """The backend called `name`; `auto` takes a container engine if one answers, and bubblewrap otherwise.

    Raises UsageError for an unknown name or a backend weaker than `require`, EngineUnavailable or SandboxError with a
    remedy when there is no sandbox to be had.
    """
    from harness.sandbox.levels import check_level

    say: Log = log or (lambda line: None)
    backend = _automatic(say) if name == "auto" else _named(name)(log=say)
    if require is not None:
        try:
            check_level(backend.name, backend.layers(), require)
        except UsageError:
            backend.close()
            raise
    return backend


def _automatic(say: Log) -> Sandbox:
    """An engine is only used, never installed: that is for `harness sandbox build` and `--sandbox docker`."""
    from harness.sandbox.bubblewrap import weaker
    from harness.sandbox.engine import connect

    try:
        connect(timeout_s=ENGINE_ANSWERS_WITHIN_S).close()
    except EngineUnavailable as no_engine:
        try:
            backend = _named("bubblewrap")(log=say)
        except SandboxError as error:
            raise EngineUnavailable(
                f"{no_engine.message}; and without an engine: {error.message}",
                remedy=f"{no_engine.remedy}; or {error.remedy}",
            ) from error
        say(
            f"no container engine answers: candidates run under bubblewrap, which is weaker: {weaker(backend.layers())}"
        )
        return backend
    return _named("docker")(log=say)


def _named(name: str) -> Callable[..., Sandbox]:
    """The class of a backend. Raises UsageError."""
    from importlib.metadata import entry_points

    if name in BACKENDS:
        module, _, attribute = BACKENDS[name].partition(":")
        found: Callable[..., Sandbox] = getattr(importlib.import_module(module), attribute)
        return found
    plugins = {point.name: point for point in entry_points(group="harness.sandbox")}
    if name not in plugins:
        raise UsageError(f"no sandbox {name!r}", remedy=f"available: {', '.join(['auto', *BACKENDS, *plugins])}")
    loaded: Callable[..., Sandbox] = plugins[name].load()
    return loaded
