"""What all agents of a run share: one gateway, and the containers of each image. Made when first needed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.errors import HarnessError, SandboxError, WorkError

if TYPE_CHECKING:
    from harness.routing.gateway import Gateway
    from harness.sandbox.agents import AgentSandbox
    from harness.sandbox.image import Recipe


class AgentMeans:
    """A context manager; usable from many threads."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._gateway: Gateway | None = None
        self._containers: dict[str | Recipe, AgentSandbox] = {}
        self._closed = False

    def gateway(self) -> Gateway:
        """The gateway, running. Raises SandboxError once this is closed."""
        from harness.routing.gateway import Gateway

        with self._lock:
            self._check()
            if self._gateway is None:
                self._gateway = Gateway()
            return self._gateway

    def containers(self, image: str | Recipe) -> AgentSandbox:
        """Who makes containers of that image, which is built where it is missing.

        Raises UsageError; WorkError where there can be no such image, so that no attempt can be made; SandboxError once
        this is closed.
        """
        from harness.sandbox.agents import AgentSandbox

        with self._lock:
            self._check()
            if image not in self._containers:
                try:
                    self._containers[image] = AgentSandbox(image, self._log)
                except SandboxError as error:
                    raise WorkError(f"no agent can be started: {error.message}", remedy=error.remedy) from error
            return self._containers[image]

    def close(self) -> None:
        """Remove every container, end every call."""
        with self._lock:
            self._closed = True
            containers, self._containers = list(self._containers.values()), {}
            gateway, self._gateway = self._gateway, None
        for one in containers:
            with contextlib.suppress(HarnessError, OSError):
                one.close()
        if gateway is not None:
            gateway.close()

    def _check(self) -> None:
        if self._closed:
            raise SandboxError("the run is ending")
