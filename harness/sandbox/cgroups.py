"""Control groups for sandboxes that no engine makes: memory, processes and processor time of each, on v1 and v2.

    v1   /sys/fs/cgroup/{memory,pids,cpu,cpuacct}/harness-<owner>-<backend>/<number>/
    v2   <the nearest group above ours that we may divide>/harness-<owner>-<backend>/<number>/

The owner is in the name (process id, its start, its process id namespace), so that `reap` can tell what a dead process
left from what a living one uses. Nothing is written to a disk, and a boot clears everything.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import platform
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import host
from harness.sandbox import profile
from harness.sandbox.reaper import Owner, owner_named

CONTROLLERS = ("memory", "pids", "cpu")
CONTROLLERS_V1 = (*CONTROLLERS, "cpuacct")
PERIOD_US = 100_000
"""Of the processor: each group gets as much as one core gives in it."""
EMPTY_WITHIN_S = 5.0
KEPT = 16
"""Groups without a sandbox that wait for the next one."""
ONLY_LEADERS_ARE_KILLED = (5, 3)
"""Before this kernel a thread inside a group could get its whole process killed when the group ran out of memory."""
_NAME = re.compile(r"harness-(\d+)-(\d+)-(\d+)-\d+")
_backends = itertools.count(1)


class Cgroup:
    """The group of one sandbox at a time."""

    def __init__(self, directories: tuple[Path, ...], version: str, memory_mb: int) -> None:
        self.directories, self.version, self.memory_mb = directories, version, memory_mb
        self.events = directories[0] / ("memory.events" if version == "2" else "memory.oom_control")
        """Counts the kernel's kills for want of memory."""
        self.usage = directories[-1] / ("cpu.stat" if version == "2" else "cpuacct.usage")
        """Counts processor time."""
        self._starter: ThreadPoolExecutor | None = None
        if version == "1" and kernel_release() >= ONLY_LEADERS_ARE_KILLED:
            self._starter = ThreadPoolExecutor(1, thread_name_prefix="start-box")
            self._starter.submit(_enter, directories).result()
        self._before = 0
        self.begin()

    @property
    def join(self) -> tuple[str, ...]:
        """Files into which a process has to write 0 to enter; none where `start` sees to it."""
        return () if self._starter is not None else tuple(str(path / "cgroup.procs") for path in self.directories)

    @property
    def starter(self) -> ThreadPoolExecutor | None:
        """A thread that lives in the group: what it starts is in it from the first moment, and nothing is moved.

        To move a process costs a grace period of the kernel in every hierarchy, several times what a sandbox takes.
        """
        return self._starter

    def begin(self) -> None:
        """Another sandbox comes: only its own deaths count."""
        self._before = self.kills()

    def kills(self) -> int:
        """How many processes the kernel has killed here for want of memory."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in self.events.read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
        return 0

    def ran_out_of_memory(self) -> bool:
        return self.kills() > self._before

    def empty(self) -> bool:
        """Kill whatever is left of the sandbox; whether nothing is."""
        deadline = time.monotonic() + EMPTY_WITHIN_S
        while time.monotonic() < deadline:
            inside = {line for path in self.directories for line in _lines(path / "cgroup.procs")} - {str(os.getpid())}
            if not inside:
                return True
            for path in self.directories:
                _kill(path)
            time.sleep(0.002)
        return False

    def remove(self) -> None:
        """Kill whatever is left inside and remove the group. Never raises."""
        if self._starter is not None:
            self._starter.shutdown(wait=True)
        deadline = time.monotonic() + EMPTY_WITHIN_S
        for directory in self.directories:
            _remove(directory, deadline)


class Cgroups:
    """Groups of this process, below one directory a hierarchy; `open_cgroups` finds out whether there can be any."""

    def __init__(self, parents: tuple[Path, ...], version: str) -> None:
        self.version = version
        self._parents = parents
        self._numbers = itertools.count(1)
        self._idle: deque[Cgroup] = deque()
        self._lock = threading.Lock()

    def take(self, memory_mb: int) -> Cgroup:
        """A group with the limits of a sandbox, `memory_mb` of memory among them. Raises OSError."""
        with self._lock:
            for place, group in enumerate(self._idle):
                if group.memory_mb == memory_mb:
                    del self._idle[place]
                    group.begin()
                    return group
        return self._make(memory_mb)

    def give_back(self, group: Cgroup) -> None:
        """For the next sandbox, if every process of the last one is gone."""
        surplus: Cgroup | None = group
        if group.starter is not None and group.empty():
            with self._lock:
                self._idle.append(group)
                surplus = self._idle.popleft() if len(self._idle) > KEPT else None
        if surplus is not None:
            surplus.remove()

    def close(self) -> None:
        """Remove what is left of this process's groups."""
        with self._lock:
            idle = list(self._idle)
            self._idle.clear()
        for group in idle:
            group.remove()
        for parent in dict.fromkeys(self._parents):
            _remove_tree(parent)

    def _make(self, memory_mb: int) -> Cgroup:
        name = str(next(self._numbers))
        directories = tuple(parent / name for parent in self._parents)
        for directory in dict.fromkeys(directories):
            directory.mkdir()
        limits = _limits_v2(memory_mb) if self.version == "2" else _limits_v1(memory_mb)
        for place, file, value, needed in limits:
            try:
                (directories[place] / file).write_text(value)
            except OSError:
                if needed:
                    raise
        return Cgroup(tuple(dict.fromkeys(directories)), self.version, memory_mb)


def open_cgroups() -> Cgroups | None:
    """Groups of v2 or v1 where this process may make them and limit memory in them, otherwise None.

    Groups that dead processes of harness left behind are removed on the way.
    """
    for version, bases in (("1", _bases_v1()), ("2", _base_v2())):
        if bases is None:
            continue
        reap(bases)
        name = _own_name()
        parents = tuple(base / name for base in bases)
        groups = Cgroups(parents, version)
        try:
            for parent in dict.fromkeys(parents):
                parent.mkdir(exist_ok=True)
                if version == "2":
                    (parent / "cgroup.subtree_control").write_text("+memory +pids +cpu")
            groups.take(profile.SMALLEST_MB).remove()
        except OSError:
            groups.close()
            continue
        return groups
    return None


def reap(bases: tuple[Path, ...], owner: Callable[[str, str, str], Owner] = owner_named) -> int:
    """Remove the groups below `bases` whose owner is dead, processes in them included; how many."""
    count = 0
    for base in dict.fromkeys(bases):
        for directory in base.glob("harness-*"):
            match = _NAME.fullmatch(directory.name)
            if match is not None and owner(*match.groups()) == "dead":
                _remove_tree(directory)
                count += 1
    return count


def kernel_release() -> tuple[int, ...]:
    """The first two numbers of the running kernel's release."""
    return tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


def _enter(directories: tuple[Path, ...]) -> None:
    """Put the calling thread into a group of v1."""
    for directory in directories:
        (directory / "tasks").write_text("0")


def _own_name() -> str:
    namespace = re.sub(r"\D", "", host.pid_namespace())
    return f"harness-{os.getpid()}-{host.process_start(os.getpid()) or 0}-{namespace or 0}-{next(_backends)}"


def _bases_v1() -> tuple[Path, ...] | None:
    """Where each controller is mounted, None unless all are."""
    found: dict[str, Path] = {}
    for fields in _mounts():
        if fields[2] == "cgroup":
            for controller in set(fields[3].split(",")) & set(CONTROLLERS_V1):
                found.setdefault(controller, Path(fields[1]))
    bases = tuple(found[name] for name in CONTROLLERS_V1 if name in found)
    usable = len(bases) == len(CONTROLLERS_V1) and all(os.access(base, os.W_OK) for base in bases)
    return bases if usable else None


def _base_v2() -> tuple[Path, ...] | None:
    """The nearest group at or above this process's own that can have children with all controllers."""
    mount = next((Path(fields[1]) for fields in _mounts() if fields[2] == "cgroup2"), None)
    if mount is None:
        return None
    own = ""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                own = line[3:].strip("/")
    here = mount / own
    for directory in (here, *here.parents):
        if not directory.is_relative_to(mount):
            break
        if _can_divide(directory):
            return (directory,) * len(CONTROLLERS)
    return None


def _can_divide(directory: Path) -> bool:
    """Whether all controllers are, or can be, handed down: refused while processes are in a group itself."""
    files = ("", "cgroup.procs", "cgroup.subtree_control")
    try:
        if not all(os.access(directory / file, os.W_OK) for file in files):
            return False
        if set(CONTROLLERS) - set((directory / "cgroup.controllers").read_text().split()):
            return False
        (directory / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    except OSError:
        return False
    return True


def _mounts() -> Iterator[list[str]]:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mounts").read_text().splitlines():
            yield line.split()


def _limits_v1(memory_mb: int) -> list[tuple[int, str, str, bool]]:
    """(controller, file, value, whether there must be one): swap may not be counted, swappiness may be gone."""
    memory = str(memory_mb << 20)
    return [
        (0, "memory.limit_in_bytes", memory, True),
        (0, "memory.memsw.limit_in_bytes", memory, False),
        (0, "memory.swappiness", "0", False),
        (1, "pids.max", str(profile.PIDS), True),
        (2, "cpu.cfs_period_us", str(PERIOD_US), True),
        (2, "cpu.cfs_quota_us", str(PERIOD_US), True),
    ]


def _limits_v2(memory_mb: int) -> list[tuple[int, str, str, bool]]:
    return [
        (0, "memory.max", str(memory_mb << 20), True),
        (0, "memory.swap.max", "0", False),
        (0, "pids.max", str(profile.PIDS), True),
        (0, "cpu.max", f"{PERIOD_US} {PERIOD_US}", True),
    ]


def _remove(directory: Path, deadline: float) -> None:
    """Remove one group, killing who is in it: for a moment after a sandbox ended its processes still count."""
    while True:
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return  # left to the reaper of the next start
            _kill(directory)
            time.sleep(0.002)
        else:
            return


def _kill(directory: Path) -> None:
    for pid in _lines(directory / "cgroup.procs"):
        # 0 stands for a process that cannot be named from here; of our own there is a thread.
        if int(pid) > 1 and int(pid) != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(int(pid), signal.SIGKILL)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _remove_tree(directory: Path) -> None:
    """Remove a group and those in it, with the processes they hold."""
    with contextlib.suppress(OSError):
        for one in (*(path for path in directory.iterdir() if path.is_dir()), directory):
            _remove(one, time.monotonic() + EMPTY_WITHIN_S)
