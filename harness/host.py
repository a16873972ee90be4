"""What harness needs of the machine it runs on: locks between processes, who a process is, Debian's packages."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.content import cache_dir
from harness.errors import HostError

Log = Callable[[str], None]
"""Takes one line for people."""


def cache() -> Path:
    """The cache directory, made when missing. Raises HostError when it cannot be written."""
    path = cache_dir()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(
            f"cannot make the cache directory {path}: {error.strerror}", remedy="set XDG_CACHE_HOME to a writable place"
        ) from error
    return path


@contextmanager
def file_lock(path: Path, log: Log, waiting_for: str) -> Iterator[None]:
    """Hold an exclusive lock on `path`; says what it waits for when another process holds it.

    The kernel drops the lock with the process, so a killed holder blocks nobody.
    """
    try:
        handle = path.open("a")
    except OSError as error:
        raise HostError(f"cannot open the lock file {path}: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log(f"waiting for another process: {waiting_for}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def process_start(pid: int) -> str | None:
    """When a process started, in clock ticks since boot (field 22 of /proc/PID/stat); None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the command in parentheses and may contain anything, so count from its end.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def process_name(pid: int) -> str:
    """The kernel's name of a process, empty when it is gone: dead and not yet reaped is gone too."""
    if process_start(pid) is None:
        return ""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def boot_id() -> str:
    """Changes with every boot of the kernel; empty where the kernel does not say."""
    return _first_line("/proc/sys/kernel/random/boot_id")


def pid_namespace() -> str:
    """Process ids compare only within one of these."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - the target is no path
    except OSError:
        return ""


def machine_id() -> str:
    """Which machine this is, across boots."""
    return _first_line("/etc/machine-id") or socket.gethostname()


def os_release() -> dict[str, str]:
    """The keys of /etc/os-release."""
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def is_debian_like() -> bool:
    """Whether the distribution's packages can be installed with apt."""
    release = os_release()
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return bool(family & {"debian", "ubuntu"}) and shutil.which("apt-get") is not None


def can_install() -> bool:
    """Whether `apt_install` may be tried: root, on a distribution that has apt."""
    return os.geteuid() == 0 and is_debian_like()


def apt_install(packages: Sequence[str], log: Log) -> None:
    """Refresh the package lists and install without recommended packages. Raises HostError with apt's last lines."""
    log(f"apt-get install {' '.join(packages)} (without recommended packages)")
    apt_get = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    _apt([*apt_get, "update"])
    _apt([*apt_get, "install", "-y", "--no-install-recommends", *packages])


def _apt(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise HostError(
            f"`{' '.join(command)}` failed with exit code {done.returncode}:\n{tail(done.stdout)}",
            remedy="repair the package manager (network, mirror, free disk space), then repeat",
        )


def tail(output: bytes | str, lines: int = 15) -> str:
    """The last lines of a program's output, indented, for an error message."""
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").partition("\n")[0].strip()
    except OSError:
        return ""
