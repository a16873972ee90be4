"""What this process holds of the machine because of sandboxes, so that what they leave behind can be counted."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from pathlib import Path

from harness.errors import SandboxError
from harness.types import Frozen

CGROUPS = Path("/sys/fs/cgroup")
CGROUP_DEPTH = 6


class Holdings(Frozen):
    """Counts at one moment."""

    containers: int
    """On the engine that answers, running or not, made by this process."""
    processes: int
    """Children of this one, dead ones that nobody waited for included."""
    control_groups: int
    """Made by this process."""
    descriptors: int
    threads: int
    temporary_files: int
    """Entries of the directory for temporary files."""
    resident_mb: float
    """Memory, MiB."""

    def beyond(self, before: Holdings) -> dict[str, int]:
        """What there is more of than before; memory is not counted: an interpreter keeps some."""
        now = self.model_dump(exclude={"resident_mb"})
        return {name: count - getattr(before, name) for name, count in now.items() if count > getattr(before, name)}


def holdings() -> Holdings:
    """As things are now."""
    return Holdings(
        containers=_containers(),
        processes=sum(_parent(path) == os.getpid() for path in Path("/proc").glob("[0-9]*")),
        control_groups=_control_groups(CGROUPS, CGROUP_DEPTH),
        descriptors=sum(path.is_symlink() for path in Path("/proc/self/fd").glob("*")),
        threads=threading.active_count(),
        temporary_files=sum(1 for _ in Path(tempfile.gettempdir()).iterdir()),
        resident_mb=_resident_mb(),
    )


def _containers() -> int:
    """0 where no engine answers."""
    from harness.sandbox.engine import connect
    from harness.sandbox.reaper import list_containers

    try:
        with contextlib.closing(connect()) as client:
            return sum(item.owner == "this" for item in list_containers(client))
    except SandboxError:
        return 0


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _control_groups(directory: Path, depth: int) -> int:
    try:
        below = [Path(entry.path) for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return 0
    own = sum(path.name.startswith(f"harness-{os.getpid()}-") for path in below)
    return own + (sum(_control_groups(path, depth - 1) for path in below) if depth > 1 else 0)


def _resident_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
