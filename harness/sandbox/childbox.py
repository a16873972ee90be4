"""A box that is a child process of this one, spoken to over a socket that is its stdin and stdout."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable

from harness.errors import SandboxError
from harness.sandbox.cgroups import Cgroup
from harness.sandbox.stream import FrameStream

ENDS_WITHIN_S = 2.0
"""After its input ended, until a sandbox that has not ended by itself is killed."""
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


class ChildStream(FrameStream):
    """Frames on a socket pair; what is complained about goes into memory, and nobody has to read along."""

    def __init__(self, stream: socket.socket) -> None:
        super().__init__(stream, "a sandbox")
        self.stderr = os.memfd_create("complaints", os.MFD_CLOEXEC)

    def complaints(self) -> str:
        try:
            size = os.fstat(self.stderr).st_size
            return os.pread(self.stderr, 2000, max(0, size - 2000)).decode("utf-8", "replace").strip()
        except OSError:
            return ""


class ChildBox:
    """One bubblewrap process with a supervisor inside."""

    def __init__(self, command: list[str], cgroup: Cgroup | None, discard: Callable[[ChildBox], None]) -> None:
        self.cgroup, self._discard = cgroup, discard
        self.open = True
        ours, theirs = socket.socketpair()
        self._stream = ChildStream(ours)
        self.send = self._stream.send
        self.receive = self._stream.receive
        self.hang_up = self._stream.hang_up
        # Not subprocess: its wait with a time-out sleeps and looks, and it lists our descriptors, which close
        # themselves on exec; the supervisor closes what it inherits beyond these three.
        wiring = [(os.POSIX_SPAWN_DUP2, fd, place) for place, fd in enumerate([theirs.fileno()] * 2)]
        wiring.append((os.POSIX_SPAWN_DUP2, self._stream.stderr, 2))
        try:
            self.pid = os.posix_spawn(
                command[0],
                command,
                ENVIRONMENT,
                file_actions=wiring,
                # A terminal's Ctrl-C is for the harness, which ends its boxes itself.
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            self.hang_up()
            os.close(self._stream.stderr)
            raise SandboxError(f"bubblewrap could not be started: {error}") from error
        finally:
            theirs.close()
        self._pidfd = os.pidfd_open(self.pid)

    def ran_out_of_memory(self) -> bool:
        return self.cgroup is not None and self.cgroup.ran_out_of_memory()

    def close(self) -> None:
        if not self.open:
            return
        self.open = False
        self.hang_up()
        self._discard(self)

    def end(self) -> None:
        """Wait until every process of the sandbox is gone."""
        ended = select.poll()
        ended.register(self._pidfd, select.POLLIN)
        if not ended.poll(ENDS_WITHIN_S * 1000):
            # The supervisor asked for SIGKILL at bubblewrap's death, and its own death ends the namespace.
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._pidfd)
        os.close(self._stream.stderr)
