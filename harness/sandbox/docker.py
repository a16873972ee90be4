"""Boxes as containers of the engine: a create, an attach stream, a start, a remove; no exec, no copy, no mount."""

from __future__ import annotations

import atexit
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from harness.errors import EngineUnavailable, HarnessError, HostError, SandboxError
from harness.sandbox import BoxLost, profile
from harness.sandbox.api import EngineApi, ssl_context
from harness.sandbox.dockerbox import DockerBox
from harness.sandbox.failures import ImageMissing, Missing, engine_errors
from harness.sandbox.levels import engine_level

if TYPE_CHECKING:
    from harness.sandbox.image import Image

HELLO_S = 60.0
"""Seconds a new container may take until its supervisor speaks; a loaded machine needs a few."""
ENDS_WITHIN_S = 2.0
"""After its stream ended, until a container that has not ended by itself is killed."""
BACKEND = "harness.backend"
"""Label of the containers of one backend: a process may have several."""
IMAGE_AGAIN_S = 20.0
"""Between two tries to make an image that is gone."""
AWAY_S = 5.0
"""How long nothing is removed from an engine that did not answer."""


class DockerSandbox:
    """Makes boxes on the engine; starts the engine and builds the image where they are missing."""

    name = "docker"

    def __init__(self, log: Callable[[str], None]) -> None:
        from harness.sandbox.engine import address, engine_info, ensure_engine
        from harness.sandbox.reaper import owner_labels, reap

        self._log = log
        self._client = ensure_engine(log)
        self.engine = engine_info(self._client)
        self.image = self._ensure_image()
        where, tls = address()
        self._api = EngineApi(where, self._client.api_version, self._client.timeout, ssl_context(tls))
        self._labels = {**owner_labels(), BACKEND: secrets.token_hex(8)}
        self._architecture = str(self._client.version().get("Arch", "x86_64")).replace("amd64", "x86_64")
        self._requests: dict[tuple[str, int, str], bytes] = {}
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

    def _ensure_image(self) -> Image:
        from harness.sandbox.image import ensure_image

        return ensure_image(self._client, self._log)

    @property
    def calls(self) -> int:
        """Requests made to the engine for boxes so far."""
        return self._api.calls

    def start(self, memory_mb: int) -> DockerBox:
        """A container with its supervisor ready. Raises SandboxError, EngineUnavailable."""
        return self._started(lambda: self._request(memory_mb))

    def _started(self, request: Callable[[], bytes]) -> DockerBox:
        """A container made as `request` says, whose supervisor is ready; its image is made again if it is gone."""
        image = self.image.tag
        try:
            return self._start(request())
        except ImageMissing as error:
            self._make_image(image, error)
        return self._start(request())

    def _start(self, request: bytes) -> DockerBox:
        # A name of our own: also a container whose creation was never answered can be removed.
        name = f"harness-{secrets.token_hex(8)}"
        with self._lock:
            self._live[name] = None
        try:
            self._api.create(name, request)
            stream, first = self._api.attach(name)
            box = self._live[name] = DockerBox(self, name, stream, first)
            self._api.start(name)
            header, _ = self._hello(box)
            if header.get("op") != "hello":
                raise SandboxError(f"the supervisor said {str(header)[:200]} instead of hello")
            if self._closed:
                raise SandboxError("the sandbox is closed")
        except BaseException:
            self._hang_up(name)
            self.remove(name)
            raise
        return box

    def _request(self, memory_mb: int) -> bytes:
        """The create request for a box of this size, as JSON."""
        key = (self.image.tag, memory_mb, self.runtime)
        if key not in self._requests:
            self._requests[key] = self._body(memory_mb)
        return self._requests[key]

    def _body(self, memory_mb: int, shape: profile.Shape = profile.CANDIDATE, gateway: str = "") -> bytes:
        body = profile.container(
            self.image.tag,
            memory_mb,
            self._labels,
            self._architecture,
            cgroup_v2=str(self.engine.cgroup_version) == "2",
            runtime=self.runtime,
            shape=shape,
            gateway=gateway,
        )
        return json.dumps(body).encode()

    def _hello(self, box: DockerBox) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The first frame. Raises BoxTaken where the container was removed instead of speaking."""
        try:
            return box.receive(HELLO_S)
        except BoxLost:
            box.ran_out_of_memory()
            raise

    def _make_image(self, gone: str, reason: ImageMissing) -> None:
        """The image again after somebody removed it; one thread makes it, the others find it."""
        with self._image_lock:
            if self._no_image is not None and time.monotonic() < self._no_image_until:
                raise EngineUnavailable(self._no_image.message, remedy=self._no_image.remedy)
            self._log(f"the image {gone} is gone: {reason.message}")
            try:
                with engine_errors("show its images"):
                    self.image = self._ensure_image()
            except (SandboxError, HostError) as error:
                # Without it no container can be made, for anybody.
                self._no_image, self._no_image_until = error, time.monotonic() + IMAGE_AGAIN_S
                raise EngineUnavailable(error.message, remedy=error.remedy) from error

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

    def inspect(self, name: str) -> dict[str, Any]:
        """The engine's facts about a container. Raises SandboxError."""
        return self._api.inspect(name)

    def discard(self, name: str) -> None:
        """Remove a container whose stream has ended, without waiting for it."""
        with contextlib.suppress(RuntimeError):  # shutting down: close() removes what is left
            self._removers.submit(self._remove_ended, name)

    def _remove_ended(self, name: str) -> None:
        if time.monotonic() >= self._away_until:
            self._api.wait_for_end(name, ENDS_WITHIN_S)
        self.remove(name)

    def remove(self, name: str) -> None:
        """Kill and remove a container with its volumes; one that is gone already is fine.

        What an engine that is away keeps is left to `close`, and then to the reaper of the next start.
        """
        for pause in (0.1, 0.5, 2.0):
            if time.monotonic() < self._away_until:
                break
            try:
                self._api.remove(name)
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
            self._live.pop(name, None)

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
        for name in list(self._live):
            self._hang_up(name)
        if time.monotonic() < self._away_until:
            self._client.timeout = self._api.timeout_s = int(AWAY_S)
            self._away_until = 0.0
        mine = {"label": f"{BACKEND}={self._labels[BACKEND]}"}
        try:
            with engine_errors("list its containers"):
                left = [str(item["Id"]) for item in self._client.containers(all=True, filters=mine)]
        except SandboxError as error:
            self._log(f"containers are left to the next start of harness: {error.message}")
            left = []
        for ident in left:
            self.remove(ident)
        with self._lock:
            self._live.clear()
        self._api.close()
        self._client.close()

    def _hang_up(self, name: str) -> None:
        box = self._live.get(name)
        if box is not None:
            box.hang_up()
