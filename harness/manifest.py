"""What a run depended on: versions, content, machine, engine, image, models."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import __version__
from harness.types import Task

PACKAGES = ("pydantic", "httpx", "docker", "numpy", "scipy", "sqlite-utils", "xllamacpp", "litellm")


def manifest(tasks: Sequence[Task], sandbox: Any, models: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Everything as plain JSON. Never raises for what cannot be found out: it is left out or says so."""
    image = getattr(sandbox, "image", None)
    engine = getattr(sandbox, "engine", None)
    return {
        "harness": __version__,
        "python": platform.python_version(),
        "packages": dict(_packages()),
        "machine": {
            "system": platform.platform(),
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "usable_cores": len(os.sched_getaffinity(0)),
            "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        },
        "sandbox": {
            "backend": sandbox.name,
            "layers": sandbox.layers(),
            "image": image.model_dump(mode="json") if image is not None else None,
            "engine": engine.model_dump(mode="json") if engine is not None else None,
        },
        "models": {name: dict(facts) for name, facts in models.items()},
        "suites": _suites(tasks),
        "tasks": {task.id: task.content_hash for task in tasks},
    }


def _packages() -> Iterable[tuple[str, str]]:
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            yield name, version(name)


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _suites(tasks: Sequence[Task]) -> dict[str, dict[str, str]]:
    """Where each suite lies and the git commit it stood at; only our own files are looked at, never a sandbox's."""
    found: dict[str, dict[str, str]] = {}
    for task in tasks:
        if task.suite not in found and task.directory is not None:
            found[task.suite] = {"path": str(task.directory.parent), **_commit(task.directory.parent)}
    return found


def _commit(directory: Path) -> dict[str, str]:
    try:
        import git

        repository = git.Repo(directory, search_parent_directories=True)
    except Exception:  # noqa: BLE001  no git, no repository, or one git refuses: a run needs none of them
        return {}
    try:
        changed = repository.is_dirty(path=str(directory)) or any(
            Path(repository.working_dir, name).is_relative_to(directory) for name in repository.untracked_files
        )
        return {"commit": repository.head.commit.hexsha, "changed_since": "yes" if changed else "no"}
    except Exception:  # noqa: BLE001  a repository without a commit
        return {}
    finally:
        repository.close()
