"""Boxes as containers of the engine: a create, an attach stream, a start, a remove; no exec, no copy, no mount."""

from __future__ import annotations

import atexit
import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.errors import EngineUnavailable, HarnessError, HostError, SandboxError
from harness.sandbox import BoxLost, BoxSilent, BoxTaken, profile, wire
from harness.sandbox.failures import ImageMissing, Missing, engine_errors

HELLO_S = 60.0
"""Seconds a new container may take until its supervisor speaks; a loaded machine needs a few."""
STDOUT, STDERR = 1, 2
BACKEND = "harness.backend"
"""Label of the containers of one backend: a process may have several."""
TAKEN = "a container was removed by somebody else"
IMAGE_AGAIN_S = 20.0
"""Between two tries to make an image that is gone."""
AWAY_S = 5.0
"""How long nothing is removed from an engine that did not answer."""


class DockerSandbox:
    """Makes boxes on the engine; starts the engine and builds the image where they are missing."""

    name = "docker"

    def __init__(self, log: Callable[[str], None]) -> None:
        from harness.sandbox.engine import engine_info, ensure_engine
        from harness.sandbox.image import ensure_image
        from harness.sandbox.reaper import owner_labels, reap

        self._log = log
        self._client = ensure_engine(log)
        self.engine = engine_info(self._client)
        self.image = ensure_image(self._client, log)
        self._labels = {**owner_labels(), BACKEND: secrets.token_hex(8)}
        self._architecture = str(self._client.version().get("Arch", "x86_64")).replace("amd64", "x86_64")
        self._live: dict[str, DockerBox | None] = {}
        self._lock = threading.Lock()
        self._image_lock = threading.Lock()
        self._no_image: HarnessError | None = None
        self._no_image_until = 0.0
        self._removers = ThreadPoolExecutor(2, thread_name_prefix="remove-box")
        self._away_until = 0.0
        self._closed = self._cleared = False
        self._clearing = threading.Lock()
        # An interrupt may come before anybody has us to close.
        atexit.register(self.close)
        try:
            reap(self._client)
        except SandboxError as error:
            log(f"containers of a harness that is gone could not be removed: {error.message}")
        self.runtime = self.engine.runtime
        if self.runtime != self.engine.default_runtime:
            self._try_runtime(log)

    def start(self, memory_mb: int) -> DockerBox:
        """A container with its supervisor ready. Raises SandboxError, EngineUnavailable."""
        image = self.image.tag
        try:
            return self._start(memory_mb)
        except ImageMissing as error:
            self._make_image(image, error)
        return self._start(memory_mb)

    def _start(self, memory_mb: int) -> DockerBox:
        v2 = str(self.engine.cgroup_version) == "2"
        body = profile.container(
            self.image.tag, memory_mb, self._labels, self._architecture, cgroup_v2=v2, runtime=self.runtime
        )
        with engine_errors("make a container"):
            ident = str(self._client.create_container_from_config(body)["Id"])
        with self._lock:
            self._live[ident] = None
        try:
            with engine_errors("start a container"):
                streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                attached = self._client.attach_socket(ident, params=streams)
                box = self._live[ident] = DockerBox(self, ident, attached)
                self._client.start(ident)
            header, _ = self._hello(box)
            if header.get("op") != "hello":
                raise SandboxError(f"the supervisor said {str(header)[:200]} instead of hello")
            if self._closed:
                raise SandboxError("the sandbox is closed")
        except BaseException:
            self._hang_up(ident)
            self.remove(ident)
            raise
        return box

    def _hello(self, box: DockerBox) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The first frame. Raises BoxTaken where the container was removed instead of speaking."""
        try:
            return box.receive(HELLO_S)
        except BoxLost:
            box.ran_out_of_memory()
            raise

    def _make_image(self, gone: str, reason: ImageMissing) -> None:
        """The image again after somebody removed it; one thread makes it, the others find it."""
        from harness.sandbox.image import ensure_image

        with self._image_lock:
            if self._no_image is not None and time.monotonic() < self._no_image_until:
                raise EngineUnavailable(self._no_image.message, remedy=self._no_image.remedy)
            self._log(f"the image {gone} is gone: {reason.message}")
            try:
                with engine_errors("show its images"):
                    self.image = ensure_image(self._client, self._log)
            except (SandboxError, HostError) as error:
                # Without it no container can be made, for anybody.
                self._no_image, self._no_image_until = error, time.monotonic() + IMAGE_AGAIN_S
                raise EngineUnavailable(error.message, remedy=error.remedy) from error

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

    def inspect(self, ident: str) -> dict[str, Any]:
        """The engine's facts about a container. Raises SandboxError."""
        with engine_errors("inspect a container"):
            found: dict[str, Any] = self._client.inspect_container(ident)
        return found

    def discard(self, ident: str) -> None:
        """Remove a container without waiting for it."""
        with contextlib.suppress(RuntimeError):  # shutting down: close() removes what is left
            self._removers.submit(self.remove, ident)

    def remove(self, ident: str) -> None:
        """Kill and remove a container with its volumes; one that is gone already is fine.

        What an engine that is away keeps is left to `close`, and then to the reaper of the next start.
        """
        for pause in (0.1, 0.5, 2.0):
            if time.monotonic() < self._away_until:
                break
            try:
                with engine_errors("remove a container"):
                    self._client.remove_container(ident, v=True, force=True)
            except Missing:
                break
            except EngineUnavailable:
                self._away_until = time.monotonic() + AWAY_S
                break
            except SandboxError:
                time.sleep(pause)
                continue
            break
        with self._lock:
            self._live.pop(ident, None)

    def close(self) -> None:
        """Remove every container this backend made, also those whose making or removal was cut off."""
        self._closed = True
        with self._clearing:
            if not self._cleared:
                self._clear()
            # Only now: an interrupt in the middle leaves it to be done again.
            self._cleared = True
        atexit.unregister(self.close)

    def _clear(self) -> None:
        self._removers.shutdown(wait=True)
        for ident in list(self._live):
            self._hang_up(ident)
        if time.monotonic() < self._away_until:
            self._client.timeout, self._away_until = int(AWAY_S), 0.0
        mine = {"label": f"{BACKEND}={self._labels[BACKEND]}"}
        try:
            with engine_errors("list its containers"):
                left = [str(item["Id"]) for item in self._client.containers(all=True, filters=mine)]
        except SandboxError as error:
            self._log(f"containers are left to the next start of harness: {error.message}")
            left = []
        for ident in left:
            self.remove(ident)
        self._client.close()

    def _hang_up(self, ident: str) -> None:
        box = self._live.get(ident)
        if box is not None:
            box.hang_up()


class DockerBox:
    """One container, spoken to over its attach stream."""

    def __init__(self, sandbox: DockerSandbox, ident: str, attached: Any) -> None:
        self._sandbox, self._id = sandbox, ident
        self._attached = attached
        self._socket: socket.socket = getattr(attached, "_sock", attached)
        self._raw = bytearray()
        self._frames = bytearray()
        self.complaints = bytearray()
        self.open = True
        self._in_use = threading.Lock()

    def send(self, header: dict[str, Any], blobs: dict[str, bytes]) -> None:
        try:
            with self._in_use:
                self._socket.settimeout(30.0)
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
            state = self._sandbox.inspect(self._id)["State"]
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
        self._sandbox.discard(self._id)

    def hang_up(self) -> None:
        """End the stream, and with it the supervisor and whoever waits here. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # A descriptor that is closed under a thread in `recv` may be another socket's when it gets there.
        with self._in_use:
            for closing in (self._socket, self._attached):
                with contextlib.suppress(OSError, AttributeError):
                    closing.close()

    def _more(self, deadline: float) -> None:
        """Read once from the stream and sort what came into frames and complaints."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise BoxSilent("a container did not answer in time")
        try:
            with self._in_use:
                self._socket.settimeout(left)
                data = self._socket.recv(1 << 18)
        except TimeoutError:
            raise BoxSilent("a container did not answer in time") from None
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
