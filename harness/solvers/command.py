"""Any command-line agent in a container: an image, packages, a line of shell (`--solver-config`, docs/agents.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.solvers import Solved
from harness.solvers.agents.attempt import AgentAttempt, Brief
from harness.solvers.agents.container import Launch
from harness.types import AttemptKey, Task

if TYPE_CHECKING:
    from harness.sandbox.image import Recipe
    from harness.solvers import Workplace

HOME, WORK = "/box/agent", "/box/work"
LONGEST_VARIABLE = 100_000
"""Bytes; the kernel takes no longer one than 128 KiB."""
ADDRESS = "http://127.0.0.1:8000/v1"
"""Where the porter listens (sandboxes/runner/porter.py)."""


class Command:
    """The solver: one attempt is one run of the command, and one more for each further try."""

    by_port = True

    def __init__(self, place: Workplace) -> None:
        """Raises UsageError for settings without a command."""
        self._place = place
        if not place.settings.command.strip():
            raise UsageError(
                "solver command needs the agent's command",
                remedy="--solver-config FILE.yaml with `command:`; docs/agents.md has one for mini-swe-agent",
            )
        self.name = place.settings.name or "command"

    def prepare(self) -> None:
        """Build the image where it is missing. Raises SandboxError, UsageError."""
        self._place.means.containers(self.image())

    def solve(self, task: Task, *, seed: int, repeat: int, attempt: int) -> Solved:
        """One attempt, in a container of its own. Raises ProviderError, SandboxError, UsageError."""
        key = AttemptKey(task=task.id, model=self._place.profile.name, repeat=repeat, attempt=attempt)
        return AgentAttempt(self, self._place, task, key, seed).solve()

    def image(self) -> Recipe:
        from harness.sandbox.image import Recipe

        settings = self._place.settings
        return Recipe(base=settings.image, packages=settings.packages, install=settings.install)

    def launch(self, brief: Brief) -> Launch:
        return Launch(
            uid=brief.uid,
            tester=brief.tester,
            porter=brief.porter,
            directory=WORK,
            wall_s=self._place.settings.timeout_s,
            files=self._place.settings.files,
            **self._run(brief),
        )

    def again(self, brief: Brief) -> Mapping[str, Any]:
        return self._run(brief)

    def _run(self, brief: Brief) -> dict[str, Any]:
        """The arguments and variables of one run of the command."""
        own = {
            "HOME": HOME,
            "TMPDIR": "/tmp",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/agent/site/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": "/opt/agent/site",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "TERM": "dumb",
            "OPENAI_BASE_URL": ADDRESS,
            "OPENAI_API_BASE": ADDRESS,
            "OPENAI_API_KEY": brief.token,
            "HARNESS_MODEL": "gw",
            "HARNESS_TASK": brief.message if len(brief.message.encode()) <= LONGEST_VARIABLE else "",
            "HARNESS_TASK_FILE": f"{HOME}/task.md",
            "HARNESS_TRY": str(brief.number + 1),
        }
        return {
            "argv": ("/bin/sh", "-c", self._place.settings.command),
            "env": {**own, **self._place.settings.env},
            "task": brief.message,
        }
