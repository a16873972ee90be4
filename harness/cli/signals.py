"""What ends a command from outside: Ctrl-C, SIGTERM and SIGHUP all clean up and leave what the same command resumes.

the first     KeyboardInterrupt in the main thread: boxes, containers and threads go, the exit code is 128 + number
another one   the process ends at once; its containers end by themselves, the next start removes them
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN_S = 0.5
"""One wish may arrive twice: from a terminal and from `timeout`, which tells both its child and the whole group."""


class Interruption:
    """Which signal came first, and when."""

    def __init__(self) -> None:
        self.number = int(signal.SIGINT)
        self._came: float | None = None

    @property
    def code(self) -> int:
        """The exit code that says so: 130 for Ctrl-C, 143 for SIGTERM, 129 for a terminal that went away."""
        return 128 + self.number

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler. Raises KeyboardInterrupt the first time."""
        now = time.monotonic()
        if self._came is None:
            self.number, self._came = number, now
            raise KeyboardInterrupt
        if now - self._came >= AGAIN_S:
            with contextlib.suppress(OSError):
                os.write(2, b"ended at once: the next start of harness removes what is left\n")
            os._exit(self.code)


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Handle the signals while entered; outside the main thread, where that is not possible, leave them alone."""
    found = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield found
        return
    # `nohup` and shells that start something in the background ignore some: those stay ignored.
    before = {number: signal.getsignal(number) for number in HANDLED}
    taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, found.handle)
    try:
        yield found
    finally:
        for number in taken:
            signal.signal(number, before[number])
