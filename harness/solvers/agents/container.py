"""The host's side of an agent's container (`sandboxes/runner/agent.py`): start, listen, go on, stop, take files out."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pydantic import Field

from harness.errors import SandboxError
from harness.sandbox import Box, BoxLost, BoxSilent
from harness.types import Frozen

GRACE_S = 20.0
"""Beyond what the supervisor enforces itself, before a container counts as silent."""
ANSWERS_WITHIN_S = 60.0
"""The supervisor's answers to the host, also while tests run under it."""
LOOK_S = 0.25
"""How often somebody asks whether an agent should go on."""
MOST_FILES, MOST_BYTES = 200, 8 << 20
_uids = random.SystemRandom()


def new_uids() -> tuple[int, int, int]:
    """(of the agent, of its tests, of its porter): kernel quotas are counted a uid across containers."""
    first = _uids.randrange(100_000, 2_000_000_000, 4)
    return first, first + 1, first + 2


class Launch(Frozen):
    """What the supervisor is told at the start."""

    uid: int
    tester: int
    argv: tuple[str, ...]
    env: dict[str, str]
    directory: str
    """Where the agent's process starts."""
    wall_s: float
    """Of the whole attempt."""
    files: dict[str, str] = Field(default_factory=dict)
    """For its home directory: name -> text."""
    task: str = ""
    """What it is told, for `task.md` in its home directory; empty for an agent whose driver is told."""
    said_kb: int = 512
    """Of what the agent prints, how much is kept, KiB."""
    first: dict[str, Any] | None = None
    """What its driver is told at once; None for an agent without one."""
    porter: int | None = None
    """Uid of who carries a port of the container to the gateway; None for an agent that speaks to the socket itself."""
    trials: dict[str, Any] | None = None
    """`targets`, `timeout_s`, `output_kb`: what a test run is; None without tests."""


class Stopped(Frozen):
    """How the agent's process ended."""

    why: str
    """`exit`, `timeout`, `oom`, `flood`, `stopped`."""
    code: int = 0
    """Exit code, negative for a signal."""


class Listed(Frozen):
    """One entry of the agent's directory."""

    path: str
    kind: str
    """`file`, or why it is none that may be taken."""
    size: int
    sha256: str
    """Empty for what is no small regular file."""


class Heard(Protocol):
    """Who is told what an agent says and does, as it does."""

    def said(self, text: bytes) -> None:
        """A piece of its output."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Something its driver, or the supervisor about its tests, told. Unverified."""


class AgentContainer:
    """The conversation with one container."""

    def __init__(self, box: Box, heard: Heard) -> None:
        self._box, self._heard = box, heard
        self.stopped: Stopped | None = None

    def start(self, launch: Launch, files: Mapping[str, str], tests: Mapping[str, str]) -> None:
        """Files in, agent started. Raises BoxLost."""
        blobs = {f"f:{path}": text.encode() for path, text in files.items()}
        blobs |= {f"t:{path}": text.encode() for path, text in tests.items()}
        blobs |= {f"h:{path}": text.encode() for path, text in launch.files.items()}
        # A processor second a second of wall time: the container has one processor.
        header = {**launch.model_dump(exclude={"files"}), "op": "start", "cpu_s": int(launch.wall_s) + 2}
        self._box.send((header, blobs))

    def until_done(self, until: float, interrupted: Callable[[], bool]) -> Mapping[str, Any] | None:
        """What the driver said when it was done; None when the process ended, or was made to end.

        `until` (`time.monotonic`) is for a supervisor that does not keep to the limit it was given. Raises BoxLost,
        BoxSilent.
        """
        while self.stopped is None:
            if interrupted():
                self.stop()
                return None
            header, blobs = self._next(until + GRACE_S, look=True)
            if header is None:
                continue
            event = self._note(header, blobs)
            if event is not None and event.get("event") == "done":
                return event
        return None

    def again(self, said: Mapping[str, Any], pause_s: float) -> None:
        """Go on: what its driver is told, or what is other in a new launch (`argv`, `env`) of one that ended.

        `pause_s` seconds, in which it waited for us, are added to its time. Raises BoxLost.
        """
        self._box.send(({"op": "again", "said": dict(said), "pause_s": pause_s}, {}))
        self.stopped = None

    def stop(self) -> None:
        """End the agent and all it started; no more than that it may have ended already. Raises BoxLost, BoxSilent."""
        if self.stopped is None:
            self._box.send(({"op": "stop"}, {}))
        until = time.monotonic() + ANSWERS_WITHIN_S
        while self.stopped is None:
            header, blobs = self._next(until)
            self._note(header or {}, blobs)

    def listing(self) -> tuple[list[Listed], bool]:
        """(what is in the agent's directory, whether there is more than is listed). Raises BoxLost, BoxSilent."""
        self._box.send(({"op": "list"}, {}))
        answer, _ = self._answer("listing")
        try:
            rows = [Listed(path=path, kind=kind, size=size, sha256=sha) for path, kind, size, sha in answer["files"]]
            return rows, bool(answer["more"])
        except (KeyError, TypeError, ValueError):
            # The helper that listed ran with the agent's rights, and the agent may have ended it.
            return [], True

    def take(self, names: Sequence[str]) -> tuple[dict[str, bytes], dict[str, str]]:
        """({name: content}, {name: why it may not be taken}) of the given files. Raises BoxLost, BoxSilent."""
        self._box.send(({"op": "take", "names": list(names)}, {}))
        answer, blobs = self._answer("files")
        wanted = set(names)
        rejected = answer.get("rejected")
        refused = {str(name): str(why) for name, why in rejected.items()} if isinstance(rejected, dict) else {}
        return {name: data for name, data in blobs.items() if name in wanted}, refused

    def _answer(self, op: str) -> tuple[Mapping[str, Any], dict[str, bytes]]:
        until = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            header, blobs = self._next(until)
            if header is not None and header.get("op") == op:
                return header, blobs
            self._note(header or {}, blobs)

    def _next(self, until: float, *, look: bool = False) -> tuple[Mapping[str, Any] | None, dict[str, bytes]]:
        """The next frame; (None, {}) when there was none for a moment and `look` asks for that."""
        left = until - time.monotonic()
        try:
            return self._box.receive(min(left, LOOK_S) if look else left)
        except BoxSilent:
            if not look or time.monotonic() >= until:
                raise
            return None, {}
        except BoxLost as error:
            # No agent can bring that about: process 1 is the last to go when memory runs out.
            raise SandboxError(f"the agent's container was lost: {error.message}") from error

    def _note(self, header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> Mapping[str, Any] | None:
        """Take in a frame that was not asked for; the event in it."""
        op = header.get("op")
        if op == "said":
            self._heard.said(blobs.get("text", b""))
        elif op == "stopped":
            code = header.get("code")
            self.stopped = Stopped(why=str(header.get("why")), code=code if isinstance(code, int) else 0)
        elif op == "tested":
            self._heard.event({"event": "tested", "outcome": header.get("outcome"), "seconds": header.get("seconds")})
        elif op == "event" and isinstance(header.get("event"), dict):
            event: Mapping[str, Any] = header["event"]
            self._heard.event(event)
            return event
        return None
