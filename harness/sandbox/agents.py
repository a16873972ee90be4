"""Containers for agents: as those for candidates, larger, on the agent's own image, with a door to the gateway.

The door is a directory of this machine that one container sees, with the gateway's socket in it. An agent's container
is never the one its candidate is graded in.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from harness import host
from harness.errors import UsageError
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.dockerbox import DockerBox
from harness.sandbox.image import Image, Recipe, ensure_image, ensure_recipe
from harness.sandbox.profile import AGENT
from harness.sandbox.reaper import owner_named

DOORS = "harness-door-"
LONGEST_PLACE = 40
"""Of 107 bytes that the path of a socket may have, what is left to the directory that doors are made in."""
_DOOR = re.compile(DOORS + r"(\d+)-(\d+)-(\d+)-")


class AgentSandbox(DockerSandbox):
    """Makes the containers of one agent's image."""

    def __init__(self, made_of: str | Recipe, log: Callable[[str], None]) -> None:
        """`made_of`: the name of an image of `sandboxes/`, or what one is made of.

        Raises UsageError for an unknown image, or an engine on another machine; SandboxError, EngineUnavailable.
        """
        from harness.sandbox.engine import address

        where, _ = address()
        if not where.startswith(("unix://", "http+unix://")):
            raise UsageError(
                f"agents reach their models over a socket of this machine, and the engine is at {where}",
                remedy="run harness where the engine runs",
            )
        self._made_of = made_of
        super().__init__(log)
        remove_dead_doors()

    def _ensure_image(self) -> Image:
        if isinstance(self._made_of, str):
            return ensure_image(self._client, self._log, name=self._made_of)
        return ensure_recipe(self._client, self._log, self._made_of)

    def open(self, memory_mb: int, door: Path) -> DockerBox:
        """A container with its supervisor ready that sees the directory `door`. Raises as `start` does."""
        return self._started(lambda: self._body(memory_mb, AGENT, str(door)))

    @property
    def private_users(self) -> bool:
        """Whether users inside are others outside, so that a directory cannot be given to one of them."""
        return self.engine.rootless or self.engine.userns


@contextlib.contextmanager
def new_door() -> Iterator[Path]:
    """A new directory to share with one container, removed at the end of the block."""
    # The name says whose it is: after a kill the next start of harness removes it. Short: a socket's path is bounded.
    pid, namespace = os.getpid(), host.pid_namespace().strip("pid:[]")
    start = host.process_start(pid) or "0"
    door = Path(tempfile.mkdtemp(prefix=f"{DOORS}{pid}-{start}-{namespace}-", dir=_place()))
    try:
        yield door
    finally:
        shutil.rmtree(door, ignore_errors=True)


def _place() -> Path:
    """The directory for temporary files, unless its name is so long that a socket in it could have none."""
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual)) <= LONGEST_PLACE else Path("/tmp")


def remove_dead_doors() -> int:
    """Remove the directories of processes that are gone; how many."""
    gone = 0
    for path in _place().glob(DOORS + "*"):
        match = _DOOR.match(path.name)
        # Doors are given to the uid of their container; only whoever made them can remove them.
        if match and owner_named(*match.groups()) == "dead":
            shutil.rmtree(path, ignore_errors=True)
            gone += 1
    return gone
