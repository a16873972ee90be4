"""The reference provider: a model that answers every task with the task's own reference. The ceiling of a run, and
the way to try a suite, a verifier or a report without any model."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.tasks.turns import replies_of
from harness.types import Reply, Request, Task

_LANGUAGES = {
    ".py": "python", ".md": "markdown", ".toml": "toml", ".json": "json", ".yaml": "yaml", ".yml": "yaml",
    ".sh": "sh", ".js": "javascript", ".html": "html", ".sql": "sql", ".txt": "text", ".cfg": "ini", ".ini": "ini",
}  # fmt: skip


class Reference:
    """Answers from `request.task`; nothing is sent anywhere."""

    def __init__(self, profile: ModelProfile) -> None:
        self._profile = profile

    def complete(self, request: Request) -> Reply:
        """The reference, rendered as a model would answer. Raises ProviderError for a task that has none."""
        task = request.task
        if task is None or task.reference is None:
            raise ProviderError(
                f"{self._profile.name} cannot answer: "
                + ("the request carries no task" if task is None else f"{task.id} has no reference"),
                remedy="add a reference to the task, or leave this model out",
            )
        files = task.reference.files
        text = replies_of(files)[request.turn] if task.kind == "conversation" else rendered(task, files)
        return Reply(text=text, finish_reason="stop", model=self._profile.name)

    def identity(self) -> dict[str, str]:
        """It has no server."""
        return {"server": "none", "status": "answers with the reference of each task"}

    def close(self) -> None:
        """Nothing to give back."""


def rendered(task: Task, files: dict[str, str]) -> str:
    """Code as text: one fenced block, or for a workspace every changed file under a heading with its path."""
    if task.single_file:
        return fenced(task.solution, files.get(task.solution, "")) + "\n"
    changed = [path for path, text in files.items() if task.workspace.get(path) != text]
    parts = [f"### {path}\n{fenced(path, files[path])}\n" for path in changed]
    parts += [f"### {path} (deleted)\n" for path in task.workspace if path not in files]
    return "\n".join(parts)


def fenced(path: str, text: str) -> str:
    """A fenced block with the language of `path`; its fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{fence}{_LANGUAGES.get(PurePosixPath(path).suffix, '')}\n{text}{end}{fence}"
