"""One container, spoken to over its attach stream."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from typing import Any, Protocol

from harness.sandbox import BoxLost, BoxSilent, BoxTaken, wire
from harness.sandbox.failures import Missing

SEND_S = 30.0
"""Seconds a box may take to accept more of a frame."""
CHUNK = 1 << 16
STDOUT, STDERR = 1, 2
TAKEN = "a container was removed by somebody else"


class Owner(Protocol):
    """What a box needs of the backend that made it."""

    def inspect(self, name: str) -> dict[str, Any]:
        """The engine's facts about a container. Raises SandboxError."""

    def discard(self, name: str) -> None:
        """Remove a container without waiting for it."""


class DockerBox:
    """One container, spoken to over its attach stream."""

    def __init__(self, sandbox: Owner, name: str, stream: socket.socket, first: bytes) -> None:
        self._sandbox, self.name = sandbox, name
        self._socket = stream
        # The kernel's own time-outs: Python's cost two more system calls for each of the many reads and writes.
        stream.settimeout(None)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_S))
        self._patience_s = 0.0
        self._raw = bytearray(first)
        self._frames = bytearray()
        self.complaints = bytearray()
        self.open = True
        self._in_use = threading.Lock()

    def send(self, header: dict[str, Any], blobs: dict[str, bytes]) -> None:
        try:
            with self._in_use:
                self._socket.sendall(wire.pack(header, blobs))
        except OSError as error:
            raise BoxLost(f"the stream to a container broke: {error}") from None

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], dict[str, bytes]]:
        deadline = time.monotonic() + timeout_s
        while True:
            frame = self._whole_frame()
            if frame is not None:
                try:
                    return wire.unpack(frame)
                except wire.Broken as error:
                    raise BoxLost(f"a container sent no frame: {error}") from None
            self._more(deadline)

    def ran_out_of_memory(self) -> bool:
        try:
            state = self._sandbox.inspect(self.name)["State"]
        except Missing:
            raise BoxTaken(TAKEN) from None
        if state.get("Status") in ("removing", "dead"):
            raise BoxTaken(TAKEN)
        return bool(state.get("OOMKilled"))

    def close(self) -> None:
        if not self.open:
            return
        self.open = False
        # First the stream: an engine that cannot deliver output does not answer kill and remove for a minute.
        self.hang_up()
        self._sandbox.discard(self.name)

    def hang_up(self) -> None:
        """End the stream, and with it the supervisor and whoever waits here. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # A descriptor that is closed under a thread in `recv` may be another socket's when it gets there.
        with self._in_use, contextlib.suppress(OSError):
            self._socket.close()

    def _more(self, deadline: float) -> None:
        """Read once from the stream and sort what came into frames and complaints."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise BoxSilent("a container did not answer in time")
        try:
            with self._in_use:
                if not 0 <= self._patience_s - left < 0.1:
                    self._patience_s = left + 0.05
                    timeval = _timeval(self._patience_s)
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
                data = self._socket.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return  # the time-out: the deadline decides
        except OSError as error:
            raise BoxLost(f"the stream to a container broke: {error}") from None
        if not data:
            said = self.complaints.decode("utf-8", "replace").strip()[-2000:]
            raise BoxLost(f"a container ended{': ' + said if said else ''}")
        self._raw += data
        # The engine multiplexes: one byte of stream number, three of zero, four of length, payload.
        while len(self._raw) >= 8:
            size = int.from_bytes(self._raw[4:8], "big")
            if len(self._raw) < 8 + size:
                break
            payload = self._raw[8 : 8 + size]
            if self._raw[0] == STDOUT:
                self._frames += payload
            else:
                self.complaints = (self.complaints + payload)[-8192:]
            del self._raw[: 8 + size]

    def _whole_frame(self) -> bytes | None:
        got = self._frames
        if len(got) < wire.HEAD:
            return None
        size = int.from_bytes(got[: wire.HEAD], "big")
        if size > wire.MAX_FRAME:
            raise BoxLost("a container announced a frame beyond any limit")
        if len(got) < wire.HEAD + size:
            return None
        frame = bytes(got[wire.HEAD : wire.HEAD + size])
        del got[: wire.HEAD + size]
        return frame


def _timeval(seconds: float) -> bytes:
    """A duration as the kernel takes it for SO_RCVTIMEO and SO_SNDTIMEO."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
