"""What the kernel counts for the whole container: out-of-memory kills and processor time, on cgroup v2 and v1."""

import os


class Cgroup:
    """The files stay open: a candidate has no way to them, and reading one costs a call."""

    KILLS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
    CPU = (
        "/sys/fs/cgroup/cpu.stat",
        "/sys/fs/cgroup/cpuacct/cpuacct.usage",
        "/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage",
    )

    def __init__(self) -> None:
        self._kills = _opened(self.KILLS)
        self._cpu = _opened(self.CPU)
        # Of version 2 the file has many lines; of version 1 it is a number.
        self._key, self._unit = (b"usage_usec ", 1e6) if _number(self._cpu, b"usage_usec ") else (b"", 1e9)

    def kills(self) -> int:
        """Processes killed for want of memory so far; 0 where the kernel does not say."""
        return _number(self._kills, b"oom_kill ")

    def cpu_s(self) -> float:
        """Processor seconds of all processes so far; 0.0 where the kernel does not say."""
        return _number(self._cpu, self._key) / self._unit


def _opened(paths: "tuple[str, ...]") -> int:
    for path in paths:
        try:
            return os.open(path, os.O_RDONLY)
        except OSError:
            continue
    return -1


def _number(fd: int, key: bytes) -> int:
    """The number behind `key` at the beginning of a line; without a key, of a file that is a number."""
    if fd < 0:
        return 0
    for line in os.pread(fd, 4096, 0).split(b"\n"):
        rest = line[len(key) :]
        if line.startswith(key) and rest.isdigit():
            return int(rest)
    return 0
