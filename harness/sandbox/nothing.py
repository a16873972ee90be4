"""No sandbox, for tasks whose answers are never run."""

from __future__ import annotations

from collections.abc import Iterable

from harness.errors import SandboxError
from harness.host import Log
from harness.sandbox import Box, Sandbox, open_sandbox
from harness.types import SandboxLevel, Task


class Nothing:
    """A backend without a box: conversations need no engine, no image and no privileges."""

    name = "none"

    def start(self, memory_mb: int) -> Box:
        """Raises SandboxError: nothing may be run here."""
        raise SandboxError("there is no sandbox: no task of this run was to need one")

    def layers(self) -> dict[str, str]:
        """None, as nothing is run."""
        return {}

    def close(self) -> None:
        """Nothing to give back."""


def sandbox_for(tasks: Iterable[Task], name: str, log: Log | None, require: SandboxLevel | None) -> Sandbox:
    """The backend called `name`, or none at all where the answers to these tasks are only read.

    Raises as `open_sandbox`.
    """
    return open_sandbox(name, log, require) if any(task.runs for task in tasks) else Nothing()
