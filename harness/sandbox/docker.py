"""Boxes as containers of the engine: a create, an attach stream, a start, a remove; no exec, no copy, no mount."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.errors import SandboxError
from harness.sandbox import BoxLost, BoxSilent, profile, wire
from harness.sandbox.api import EngineApi, ssl_context

HELLO_S = 60.0
"""Seconds a new container may take until its supervisor speaks; a loaded machine needs a few."""
SEND_S = 30.0
"""Seconds a box may take to accept more of a frame."""
CHUNK = 1 << 16
STDOUT, STDERR = 1, 2


class DockerSandbox:
    """Makes boxes on the engine; starts the engine and builds the image where they are missing."""

    name = "docker"

    def __init__(self, log: Callable[[str], None]) -> None:
        from harness.sandbox.engine import address, engine_info, ensure_engine
        from harness.sandbox.image import ensure_image
        from harness.sandbox.reaper import owner_labels, reap

        self._client = ensure_engine(log)
        self.engine = engine_info(self._client)
        self.image = ensure_image(self._client, log)
        where, tls = address()
        self._api = EngineApi(where, self._client.api_version, tls=ssl_context(tls))
        self._labels = owner_labels()
        self._architecture = str(self._client.version().get("Arch", "x86_64")).replace("amd64", "x86_64")
        self._requests: dict[tuple[str, int, str], bytes] = {}
        self._live: dict[str, DockerBox | None] = {}
        self._lock = threading.Lock()
        self._removers = ThreadPoolExecutor(2, thread_name_prefix="remove-box")
        reap(self._client)
        self.runtime = self.engine.runtime
        if self.runtime != self.engine.default_runtime:
            self._try_runtime(log)

    def start(self, memory_mb: int) -> DockerBox:
        """A container with its supervisor ready. Raises SandboxError."""
        # A name of our own: also a container whose creation was never answered can be removed.
        name = f"harness-{uuid.uuid4().hex[:16]}"
        with self._lock:
            self._live[name] = None
        try:
            self._api.create(name, self._request(memory_mb))
            stream, first = self._api.attach(name)
            box = self._live[name] = DockerBox(self, name, stream, first)
            self._api.start(name)
            header, _ = box.receive(HELLO_S)
            if header.get("op") != "hello":
                raise SandboxError(f"the supervisor said {str(header)[:200]} instead of hello")
        except BaseException:
            self._hang_up(name)
            self.remove(name)
            raise
        return box

    def _request(self, memory_mb: int) -> bytes:
        """The create request for a box of this size, as JSON."""
        key = (self.image.tag, memory_mb, self.runtime)
        if key not in self._requests:
            v2 = str(self.engine.cgroup_version) == "2"
            body = profile.container(
                self.image.tag, memory_mb, self._labels, self._architecture, cgroup_v2=v2, runtime=self.runtime
            )
            self._requests[key] = json.dumps(body).encode()
        return self._requests[key]

    def layers(self) -> dict[str, str]:
        """Isolation in force, by layer."""
        info = self.engine
        layers = {
            **info.layers,
            "engine": f"{info.name} {info.version}",
            "network": "disabled",
            "seccomp": "allow-list" if "seccomp" in info.security else "none",
            "capabilities": "supervisor SETUID SETGID KILL, candidate none",
            "rootfs": "read-only",
            "user": "own uid a candidate",
        }
        if self.runtime != info.default_runtime:
            layers["runtime"] = self.runtime
        return layers

    def _try_runtime(self, log: Callable[[str], None]) -> None:
        """Fall back to the engine's own runtime where the better one is listed but starts nothing."""
        try:
            self.start(profile.SMALLEST_MB).close()
        except SandboxError as error:
            own = self.engine.default_runtime
            log(f"runtime {self.runtime} starts no container here, using {own}: {error.message}")
            self.runtime = own

    def inspect(self, name: str) -> dict[str, Any]:
        """The engine's facts about a container. Raises SandboxError."""
        return self._api.inspect(name)

    def discard(self, name: str) -> None:
        """Remove a container without waiting for it."""
        with contextlib.suppress(RuntimeError):  # shutting down: close() removes what is left
            self._removers.submit(self.remove, name)

    def remove(self, name: str) -> None:
        """Kill and remove a container with its volumes; one that is gone already is fine."""
        for pause in (0.1, 0.5, 2.0):
            try:
                self._api.remove(name)
            except SandboxError:
                # Left to the next try, and then to the reaper of the next start.
                time.sleep(pause)
                continue
            break
        with self._lock:
            self._live.pop(name, None)

    def close(self) -> None:
        """Remove every container this backend made."""
        self._removers.shutdown(wait=True)
        with self._lock:
            left = list(self._live)
        for name in left:
            self._hang_up(name)
            self.remove(name)
        self._api.close()
        self._client.close()

    def _hang_up(self, name: str) -> None:
        box = self._live.get(name)
        if box is not None:
            box.hang_up()


class DockerBox:
    """One container, spoken to over its attach stream."""

    def __init__(self, sandbox: DockerSandbox, name: str, stream: socket.socket, first: bytes) -> None:
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
            return bool(self._sandbox.inspect(self.name)["State"].get("OOMKilled"))
        except SandboxError:
            return False

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
