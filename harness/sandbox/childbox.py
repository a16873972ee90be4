"""A box that is a child process of this one, spoken to over a socket that is its stdin and stdout."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from harness.errors import SandboxError
from harness.sandbox import BoxLost, BoxSilent, wire
from harness.sandbox.cgroups import Cgroup

SEND_S = 30.0
ENDS_WITHIN_S = 2.0
"""After its input ended, until a sandbox that has not ended by itself is killed."""


class ChildBox:
    """One bubblewrap process with a supervisor inside."""

    def __init__(self, command: list[str], cgroup: Cgroup | None, discard: Callable[[ChildBox], None]) -> None:
        self.cgroup, self._discard = cgroup, discard
        self._frames = bytearray()
        self._in_use = threading.Lock()
        self.open = True
        self._socket, theirs = socket.socketpair()
        # Its stderr goes into memory: only bubblewrap and the supervisor write there, and nobody has to read along.
        self._complaints = os.memfd_create("complaints", os.MFD_CLOEXEC)
        # Not subprocess: its wait with a time-out sleeps and looks, and it lists our descriptors, all of which close
        # themselves on exec anyway.
        wiring = [(os.POSIX_SPAWN_DUP2, fd, place) for place, fd in enumerate([theirs.fileno()] * 2)]
        wiring.append((os.POSIX_SPAWN_DUP2, self._complaints, 2))
        try:
            self.pid = os.posix_spawn(
                command[0],
                command,
                {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"},
                file_actions=wiring,
                # A terminal's Ctrl-C is for the harness, which ends its boxes itself.
                setsid=True,
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
            )
        except OSError as error:
            self._socket.close()
            os.close(self._complaints)
            raise SandboxError(f"bubblewrap could not be started: {error}") from error
        finally:
            theirs.close()
        self._pidfd = os.pidfd_open(self.pid)

    def send(self, header: dict[str, Any], blobs: dict[str, bytes]) -> None:
        try:
            with self._in_use:
                self._socket.settimeout(SEND_S)
                self._socket.sendall(wire.pack(header, blobs))
        except OSError as error:
            raise BoxLost(f"the stream to a sandbox broke: {error}") from None

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], dict[str, bytes]]:
        deadline = time.monotonic() + timeout_s
        while True:
            frame = self._whole_frame()
            if frame is not None:
                try:
                    return wire.unpack(frame)
                except wire.Broken as error:
                    raise BoxLost(f"a sandbox sent no frame: {error}") from None
            self._more(deadline)

    def ran_out_of_memory(self) -> bool:
        return self.cgroup is not None and self.cgroup.ran_out_of_memory()

    def close(self) -> None:
        if not self.open:
            return
        self.open = False
        self.hang_up()
        self._discard(self)

    def hang_up(self) -> None:
        """End the stream, and with it the supervisor and whoever waits here. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # A descriptor that is closed under a thread in `recv` may be another one's when it gets there.
        with self._in_use:
            self._socket.close()

    def end(self) -> None:
        """Wait until every process of the sandbox is gone."""
        ended = select.poll()
        ended.register(self._pidfd, select.POLLIN)
        if not ended.poll(ENDS_WITHIN_S * 1000):
            # The supervisor asked for SIGKILL at bubblewrap's death, and its own death ends the namespace.
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._pidfd)
        os.close(self._complaints)

    def _more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise BoxSilent("a sandbox did not answer in time")
        try:
            with self._in_use:
                self._socket.settimeout(left)
                data = self._socket.recv(1 << 18)
        except TimeoutError:
            raise BoxSilent("a sandbox did not answer in time") from None
        except ConnectionResetError:
            data = b""  # it ended with a frame of ours unread
        except OSError as error:
            raise BoxLost(f"the stream to a sandbox broke: {error}") from None
        if not data:
            said = self._said()
            raise BoxLost(f"a sandbox ended{': ' + said if said else ''}")
        self._frames += data

    def _said(self) -> str:
        """The end of what bubblewrap or the supervisor complained about."""
        try:
            size = os.fstat(self._complaints).st_size
            return os.pread(self._complaints, 2000, max(0, size - 2000)).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _whole_frame(self) -> bytes | None:
        got = self._frames
        if len(got) < wire.HEAD:
            return None
        size = int.from_bytes(got[: wire.HEAD], "big")
        if size > wire.MAX_FRAME:
            raise BoxLost("a sandbox announced a frame beyond any limit")
        if len(got) < wire.HEAD + size:
            return None
        frame = bytes(got[wire.HEAD : wire.HEAD + size])
        del got[: wire.HEAD + size]
        return frame
