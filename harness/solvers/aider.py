"""aider in a container (`sandboxes/aider`): its own edit, lint and test loop over the task's files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.solvers import Solved
from harness.solvers.agents.attempt import AgentAttempt, Brief
from harness.solvers.agents.container import Launch
from harness.solvers.agents.files import editable, given
from harness.types import AttemptKey, Task

if TYPE_CHECKING:
    from harness.solvers import Workplace

HOME, WORK = "/box/agent", "/box/work"
OUTPUT_KB = 1024
ENVIRONMENT = {
    "HOME": HOME,
    "TMPDIR": "/tmp",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": "/opt/aider/site",
    # Equal prompts from equal sets.
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    # The linter is a Python of its own: it must not import what the model wrote, beside its files or into its home.
    "PYTHONSAFEPATH": "1",
    "PYTHONNOUSERSITE": "1",
    # Otherwise it asks the network for prices.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "TERM": "dumb",
    "COLUMNS": "120",
}


class Aider:
    """The solver: one attempt is one conversation of aider."""

    name = "aider 0.86.2"
    by_port = False

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def prepare(self) -> None:
        """Build the image where it is missing. Raises SandboxError, UsageError."""
        self._place.means.containers(self.image())

    def solve(self, task: Task, *, seed: int, repeat: int, attempt: int) -> Solved:
        """One attempt, in a container of its own. Raises ProviderError, SandboxError, UsageError."""
        key = AttemptKey(task=task.id, model=self._place.profile.name, repeat=repeat, attempt=attempt)
        return AgentAttempt(self, self._place, task, key, seed).solve()

    def image(self) -> str:
        return "aider"

    def launch(self, brief: Brief) -> Launch:
        settings = self._place.settings
        task = brief.task
        paths = sorted(given(task))
        tests = sorted(path for path in task.visible_tests if _is_test(path))
        first = {
            "op": "start",
            "message": brief.message,
            "token": brief.token,
            "socket": brief.socket,
            "root": WORK,
            "files": [f"{WORK}/{path}" for path in paths if editable(task, path)],
            "read": [f"{WORK}/{path}" for path in paths if not editable(task, path)],
            "edit_format": settings.edit_format or None,
            "lint": settings.lint,
            "stream": False,
            "max_tokens": self._place.profile.sampling.max_tokens,
            "context_tokens": settings.context_tokens or self._place.profile.sampling.num_ctx,
            "tests": bool(tests),
            "wall_s": settings.timeout_s,
        }
        return Launch(
            uid=brief.uid,
            tester=brief.tester,
            argv=("/usr/bin/python3", "-s", "-P", "/opt/harness/agent/driver.py"),
            env=ENVIRONMENT,
            directory="/tmp",
            wall_s=settings.timeout_s,
            first=first,
            trials={"targets": tests, "timeout_s": settings.test_timeout_s, "output_kb": OUTPUT_KB} if tests else None,
        )

    def again(self, brief: Brief) -> Mapping[str, Any]:
        return {"op": "again", "message": brief.message}


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
