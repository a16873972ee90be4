"""The socket between this process and a supervisor: frames go in and out whole, and whoever waits can be called off."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time

from harness.sandbox import SEND_S, BoxLost, BoxSilent, Frame, wire

CHUNK = 1 << 16


class FrameStream:
    """Frames over a socket. `box` is what messages call the other end: "a container", "a sandbox"."""

    def __init__(self, stream: socket.socket, box: str) -> None:
        self.box = box
        self._socket = stream
        # The kernel's own time-outs: Python's cost two more system calls for each of the many reads and writes.
        stream.settimeout(None)
        self._within_s = self._patience_s = 0.0
        self._frames = bytearray()
        self._in_use = threading.Lock()

    def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
        """Frames out; `within_s` seconds for the other side to take more of them. Raises BoxLost."""
        data = b"".join(wire.pack(header, blobs) for header, blobs in frames)
        try:
            with self._in_use:
                if within_s != self._within_s:
                    self._within_s = within_s
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(within_s))
                self._socket.sendall(data)
        except OSError as error:
            raise BoxLost(f"the stream to {self.box} broke: {error}") from None

    def receive(self, timeout_s: float) -> Frame:
        """The next frame. Raises BoxLost, BoxSilent."""
        deadline = time.monotonic() + timeout_s
        while True:
            frame = self._whole_frame()
            if frame is not None:
                try:
                    return wire.unpack(frame)
                except wire.Broken as error:
                    raise BoxLost(f"{self.box} sent no frame: {error}") from None
            self._more(deadline)

    def hang_up(self) -> None:
        """End the stream, and with it the supervisor and whoever waits here. May be called from any thread, twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # A descriptor that is closed under a thread in `recv` may be another socket's when it gets there.
        with self._in_use, contextlib.suppress(OSError):
            self._socket.close()

    def complaints(self) -> str:
        """The end of what the other side said beside its frames."""
        return ""

    def take(self, data: bytes) -> None:
        """Bytes that came from the other side."""
        self._frames += data

    def _more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise BoxSilent(f"{self.box} did not answer in time")
        try:
            with self._in_use:
                if not 0 <= self._patience_s - left < 0.1:
                    self._patience_s = left + 0.05
                    timeval = _timeval(self._patience_s)
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
                data = self._socket.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            return  # the time-out: the deadline decides
        except ConnectionResetError:
            data = b""  # it ended with a frame of ours unread
        except OSError as error:
            raise BoxLost(f"the stream to {self.box} broke: {error}") from None
        if not data:
            said = self.complaints()
            raise BoxLost(f"{self.box} ended{': ' + said if said else ''}")
        self.take(data)

    def _whole_frame(self) -> bytes | None:
        got = self._frames
        if len(got) < wire.HEAD:
            return None
        size = int.from_bytes(got[: wire.HEAD], "big")
        if size > wire.MAX_FRAME:
            raise BoxLost(f"{self.box} announced a frame beyond any limit")
        if len(got) < wire.HEAD + size:
            return None
        frame = bytes(got[wire.HEAD : wire.HEAD + size])
        del got[: wire.HEAD + size]
        return frame


def _timeval(seconds: float) -> bytes:
    """A duration as the kernel takes it for SO_RCVTIMEO and SO_SNDTIMEO."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
