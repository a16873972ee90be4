"""Boxes as containers of the engine: a create, an attach stream, a start, a remove; no exec, no copy, no mount."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.errors import SandboxError
from harness.sandbox import BoxLost, BoxSilent, profile, wire
from harness.sandbox.levels import engine_level

HELLO_S = 60.0
"""Seconds a new container may take until its supervisor speaks; a loaded machine needs a few."""
STDOUT, STDERR = 1, 2


class DockerSandbox:
    """Makes boxes on the engine; starts the engine and builds the image where they are missing."""

    name = "docker"

    def __init__(self, log: Callable[[str], None]) -> None:
        from harness.sandbox.engine import engine_info, ensure_engine
        from harness.sandbox.image import ensure_image
        from harness.sandbox.reaper import owner_labels, reap

        self._client = ensure_engine(log)
        self.engine = engine_info(self._client)
        self.image = ensure_image(self._client, log)
        self._labels = owner_labels()
        self._architecture = str(self._client.version().get("Arch", "x86_64")).replace("amd64", "x86_64")
        self._live: dict[str, DockerBox | None] = {}
        self._lock = threading.Lock()
        self._removers = ThreadPoolExecutor(2, thread_name_prefix="remove-box")
        reap(self._client)
        self.runtime = self.engine.runtime
        if self.runtime != self.engine.default_runtime:
            self._try_runtime(log)

    def start(self, memory_mb: int) -> DockerBox:
        """A container with its supervisor ready. Raises SandboxError."""
        v2 = str(self.engine.cgroup_version) == "2"
        body = profile.container(
            self.image.tag, memory_mb, self._labels, self._architecture, cgroup_v2=v2, runtime=self.runtime
        )
        with _engine_errors("make a container"):
            ident = str(self._client.create_container_from_config(body)["Id"])
        with self._lock:
            self._live[ident] = None
        try:
            with _engine_errors("start a container"):
                streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
                attached = self._client.attach_socket(ident, params=streams)
                box = self._live[ident] = DockerBox(self, ident, attached)
                self._client.start(ident)
            header, _ = box.receive(HELLO_S)
            if header.get("op") != "hello":
                raise SandboxError(f"the supervisor said {str(header)[:200]} instead of hello")
        except BaseException:
            self._hang_up(ident)
            self.remove(ident)
            raise
        return box

    def layers(self) -> dict[str, str]:
        """Isolation in force, by layer."""
        info = self.engine
        level = engine_level(self.runtime, seccomp="seccomp" in info.security, own_users=info.rootless or info.userns)
        layers = {
            "level": level.value,
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
        with _engine_errors("inspect a container"):
            found: dict[str, Any] = self._client.inspect_container(ident)
        return found

    def discard(self, ident: str) -> None:
        """Remove a container without waiting for it."""
        with contextlib.suppress(RuntimeError):  # shutting down: close() removes what is left
            self._removers.submit(self.remove, ident)

    def remove(self, ident: str) -> None:
        """Kill and remove a container with its volumes; one that is gone already is fine."""
        from docker.errors import DockerException, NotFound
        from requests.exceptions import RequestException

        for pause in (0.1, 0.5, 2.0):
            try:
                self._client.remove_container(ident, v=True, force=True)
            except NotFound:
                break
            except (DockerException, RequestException):
                # Left to the next try, and then to the reaper of the next start.
                time.sleep(pause)
                continue
            break
        with self._lock:
            self._live.pop(ident, None)

    def close(self) -> None:
        """Remove every container this backend made."""
        self._removers.shutdown(wait=True)
        with self._lock:
            left = list(self._live)
        for ident in left:
            self._hang_up(ident)
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
            return bool(self._sandbox.inspect(self._id)["State"].get("OOMKilled"))
        except SandboxError:
            return False

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


@contextlib.contextmanager
def _engine_errors(action: str) -> Iterator[None]:
    """The engine's and its client's errors as ours."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise SandboxError(f"the container engine could not {action}: {error}") from error
