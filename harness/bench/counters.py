"""Counters of the kernel that say what was used, not how long it took. Without a kernel that has one, None."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import host

DAEMONS = ("dockerd", "podman")
BUSY = (0, 1, 2, 5, 6, 7)
"""Fields of the first line of /proc/stat, after its name: user, nice, system, irq, softirq, steal; not idle, iowait."""
FLUSHES = 18
"""Field of a line of /proc/diskstats: flush requests completed (Linux 5.5 and newer)."""

# The kernel's process connector (`man 7 netlink`, NETLINK_CONNECTOR; linux/cn_proc.h) tells root of every exec. A
# process of its own listens, so that its work is not counted as ours.
LISTENER = """
import os, select, socket, struct, sys
CN_IDX_PROC = CN_VAL_PROC = LISTEN = 1
PROC_EVENT_EXEC = 2
SO_RCVBUFFORCE = 33
events = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11)
events.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
events.bind((os.getpid(), CN_IDX_PROC))
ask = struct.pack("=IIIIHHI", CN_IDX_PROC, CN_VAL_PROC, 0, 0, 4, 0, LISTEN)
events.send(struct.pack("=IHHII", 16 + len(ask), 3, 0, 0, os.getpid()) + ask)
events.setblocking(False)
count = 0
os.write(1, b"ready")
while True:
    ready, _, _ = select.select([events, 0], [], [])
    while True:
        try:
            event = events.recv(65536)
        except BlockingIOError:
            break
        count += len(event) >= 40 and struct.unpack_from("=I", event, 36)[0] == PROC_EVENT_EXEC
    if 0 in ready:
        os.write(1, str(count).encode())
        sys.exit()
"""


@dataclass(frozen=True)
class Reading:
    """The counters at one moment, or what was added between two."""

    own_cpu_s: float
    machine_cpu_s: float
    clones: int
    disk_flushes: int | None

    def __sub__(self, earlier: Reading) -> Reading:
        flushes = (self.disk_flushes, earlier.disk_flushes)
        return Reading(
            self.own_cpu_s - earlier.own_cpu_s,
            self.machine_cpu_s - earlier.machine_cpu_s,
            self.clones - earlier.clones,
            None if flushes[0] is None or flushes[1] is None else flushes[0] - flushes[1],
        )


def read() -> Reading:
    """The counters now."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    lines = Path("/proc/stat").read_text().splitlines()
    ticks = [int(field) for field in lines[0].split()[1:]]
    clones = next(int(line.split()[1]) for line in lines if line.startswith("processes "))
    busy = sum(ticks[field] for field in BUSY) / os.sysconf("SC_CLK_TCK")
    return Reading(own.ru_utime + own.ru_stime, busy, clones, _flushes())


def own_mb() -> float:
    """Resident memory of this process, MiB."""
    return _resident_mb(Path("/proc/self"))


def engine_mb() -> float | None:
    """Resident memory of the engine's daemon, MiB; None where it does not run on this machine."""
    found = [path for path in Path("/proc").glob("[0-9]*") if host.process_name(int(path.name)) in DAEMONS]
    return round(sum(_resident_mb(path) for path in found), 1) if found else None


class Execs:
    """How many programs were executed on this machine, once it is over."""

    count: int | None = None
    why_not: str = ""


@contextmanager
def execs() -> Iterator[Execs]:
    """Count them while this is open; `count` stays None, and `why_not` says why, where the kernel does not tell."""
    found = Execs()
    command = [sys.executable, "-I", "-S", "-c", LISTENER]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as listener:
        assert listener.stdout is not None
        ready = listener.stdout.read(5) == b"ready"
        yield found
        said, complaint = listener.communicate()
    if ready and said:
        found.count = int(said)
    else:
        last = complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        found.why_not = f"the kernel's process connector, which needs root, does not answer: {last}"


def _flushes() -> int | None:
    try:
        rows = [line.split() for line in Path("/proc/diskstats").read_text().splitlines()]
    except OSError:
        return None
    # A partition's flushes are its disk's.
    disks = [row for row in rows if Path("/sys/block", row[2]).exists() and len(row) > FLUSHES]
    return sum(int(row[FLUSHES]) for row in disks) if disks else None


def _resident_mb(process: Path) -> float:
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
