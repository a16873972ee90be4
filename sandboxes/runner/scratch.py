"""Nothing of a candidate stays in a container: its processes are killed, what it wrote is wiped, both are checked."""

import _signal as signal  # `signal` itself would cost every container milliseconds for `enum`
import os
import stat
import time

from . import child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCRATCH = ("/tmp", "/dev/shm", "/box")
MODE = 0o1777
"""Of these."""
FIRST_UID = 1000
"""Below it a distribution's own users may live."""


def own_uid(wanted: int, uid_map: str) -> int:
    """`wanted`, or where a user namespace maps fewer ids (rootless engines: 65536), one of those it maps."""
    rows = [[int(part) for part in line.split()] for line in uid_map.splitlines()]
    if any(inside <= wanted < inside + count for inside, _, count in rows):
        return wanted
    usable = [(max(inside, FIRST_UID), inside + count) for inside, _, count in rows]
    first, end = max(usable, key=lambda pair: pair[1] - pair[0])
    return first + wanted % (end - first)


def kill_all() -> bool:
    """Kill every process but this one and PID 1, and wait until they are gone."""
    me = os.getpid()
    for _ in range(400):
        try:  # noqa: SIM105
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        # Orphans are reaped by PID 1, a moment later.
        if not [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, me)]:
            return True
        time.sleep(0.005)
    return False


def as_candidate(uid: int, work: "Callable[[], None]") -> int:
    """Fork a helper with the candidate's rights; its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(10)
            child.give_up_rights(uid, 10)
            work()
        finally:
            os._exit(0)
    return pid


def wipe(uid: int) -> bool:
    """Empty the scratch directories with the candidate's own rights; whether they are empty now."""
    if not any(_listing()):
        return True
    os.waitpid(as_candidate(uid, _empty), 0)
    return not any(_listing())


def _empty() -> None:
    import shutil

    for directory in SCRATCH:
        try:  # noqa: SIM105  `contextlib` takes milliseconds to import
            # Where supervisor and candidate are one user, the candidate may have changed it.
            os.chmod(directory, MODE)
        except OSError:
            pass
        _open_below(directory)
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)


def open_up(directory: str) -> None:
    """Let its owner into a directory and all below: a mode-000 directory hides what it holds from its own owner."""
    os.chmod(directory, 0o700)
    _open_below(directory)


def _open_below(directory: str) -> None:
    for top, folders, _ in os.walk(directory, topdown=True):
        for name in folders:
            path = os.path.join(top, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)


def _listing() -> "Iterator[str]":
    for directory in SCRATCH:
        try:
            if stat.S_IMODE(os.stat(directory).st_mode) != MODE:
                yield directory
            yield from os.listdir(directory)
        except OSError:
            yield directory
