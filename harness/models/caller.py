"""Who waits for a reply: hears it while it is written, and may give it up, which drops the request at the server."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from harness.errors import ProviderError

HIDDEN = "***"
"""What stands in place of a key."""


class Once:
    """A switch that goes on once and calls whoever is waiting, from the thread that turns it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on = False
        self._callbacks: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        return self._on

    def set(self) -> None:
        """Turn it on; a second time does nothing."""
        with self._lock:
            if self._on:
                return
            self._on = True
            callbacks = list(self._callbacks)
        for call in callbacks:
            call()

    @contextlib.contextmanager
    def calling(self, callback: Callable[[], object]) -> Iterator[None]:
        """Call `callback` when the switch goes on during the block; at once if it is on already."""
        with self._lock:
            self._callbacks.append(callback)
            on = self._on
        try:
            if on:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)


def wait(seconds: float, *switches: Once) -> None:
    """Sleep, unless one of the switches is on or goes on meanwhile."""
    woken = threading.Event()
    with contextlib.ExitStack() as stack:
        for switch in switches:
            stack.enter_context(switch.calling(woken.set))
        woken.wait(seconds)


class Caller:
    """One request's caller. Providers call `delta` from the thread that answers; any thread may call `cancel`."""

    def __init__(self, on_delta: Callable[[str, str], object] | None = None) -> None:
        """`on_delta` gets text and thinking as they come, one of them empty mostly; it must not block."""
        self.dropped = Once()
        self.reason = ""
        """Why it was given up; empty while it is not."""
        self.deltas = 0
        """Pieces that the server sent: about one a token."""
        self.heard = False
        """Something was passed on, so that another try would say it twice."""
        self._on_delta = on_delta
        self._lock = threading.Lock()
        self._key = ""
        self._held = {"text": "", "thinking": ""}

    def cancel(self, reason: str) -> None:
        """Give the request up, wherever it is: the first reason counts."""
        with self._lock:
            self.reason = self.reason or reason
        self.dropped.set()

    def check(self, model: str) -> None:
        """Raise ProviderError if nobody waits any more."""
        if self.dropped.is_set():
            raise ProviderError(f"the request to {model} was given up: {self.reason}")

    def begin(self, key: str) -> None:
        """A try begins; `key` is what must never be passed on, though a server may echo it."""
        self._key = key
        self._held = {"text": "", "thinking": ""}

    def delta(self, text: str = "", thinking: str = "") -> None:
        """The model wrote this."""
        if not text and not thinking:
            return
        self.deltas += 1
        if self._on_delta is None or self.dropped.is_set():
            return
        text, thinking = self._open("text", text), self._open("thinking", thinking)
        if text or thinking:
            self.heard = True
            self._on_delta(text, thinking)

    def _open(self, kind: str, piece: str) -> str:
        """What may be passed on: without the key, and without an end that may become one."""
        if not self._key:
            return piece
        whole = (self._held[kind] + piece).replace(self._key, HIDDEN)
        longest = min(len(whole), len(self._key) - 1)
        kept = next((size for size in range(longest, 0, -1) if self._key.startswith(whole[-size:])), 0)
        self._held[kind] = whole[len(whole) - kept :]
        return whole[: len(whole) - kept]
