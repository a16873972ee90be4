"""One container, spoken to over its attach stream."""

from __future__ import annotations

import socket
from typing import Any, Protocol

from harness.sandbox import BoxTaken
from harness.sandbox.failures import Missing
from harness.sandbox.stream import FrameStream

STDOUT = 1
TAKEN = "a container was removed by somebody else"


class Owner(Protocol):
    """What a box needs of the backend that made it."""

    def inspect(self, name: str) -> dict[str, Any]:
        """The engine's facts about a container. Raises SandboxError."""

    def discard(self, name: str) -> None:
        """Remove a container without waiting for it."""


class AttachStream(FrameStream):
    """Frames on stdin and stdout of a container, sorted out of the engine's own framing of stdout and stderr."""

    def __init__(self, stream: socket.socket, first: bytes) -> None:
        super().__init__(stream, "a container")
        self._raw = bytearray()
        self._said = bytearray()
        self.take(first)

    def complaints(self) -> str:
        return self._said.decode("utf-8", "replace").strip()[-2000:]

    def take(self, data: bytes) -> None:
        self._raw += data
        # One byte of stream number, three of zero, four of length, payload.
        while len(self._raw) >= 8:
            size = int.from_bytes(self._raw[4:8], "big")
            if len(self._raw) < 8 + size:
                break
            payload = bytes(self._raw[8 : 8 + size])
            if self._raw[0] == STDOUT:
                super().take(payload)
            else:
                self._said = (self._said + payload)[-8192:]
            del self._raw[: 8 + size]


class DockerBox:
    """One container with a supervisor inside."""

    def __init__(self, sandbox: Owner, name: str, stream: socket.socket, first: bytes) -> None:
        self._sandbox, self.name = sandbox, name
        self._stream = AttachStream(stream, first)
        self.open = True
        self.send = self._stream.send
        self.receive = self._stream.receive
        self.hang_up = self._stream.hang_up

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
