"""Whose fault it is when a box is lost: the candidate's only if it does it again, alone."""

from __future__ import annotations

from collections.abc import Callable

from harness.sandbox import SEND_S, Box, BoxLost, Frame, Sandbox, wire
from harness.sandbox.pool import Pool
from harness.types import Job
from tests.sandbox.conftest import Calls, ends

MakeJob = Callable[..., Job]


class Fragile:
    """The real backend with boxes that are lost as soon as a certain source is begun in them: a candidate that can kill
    its box is what the sandbox is built against, so none is at hand to test what happens if there is one."""

    name = "fragile"

    def __init__(self, real: Sandbox) -> None:
        self.real, self.layers, self.started = real, real.layers, 0

    def start(self, memory_mb: int) -> Box:
        self.started += 1
        return FragileBox(self.real.start(memory_mb))

    def close(self) -> None:
        pass


class FragileBox:
    """See `Fragile`."""

    def __init__(self, box: Box) -> None:
        self.box, self.doomed = box, False
        self.receive, self.ran_out_of_memory, self.close = box.receive, box.ran_out_of_memory, box.close

    def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
        for header, blobs in frames:
            self.doomed = self.doomed or b"KILLER" in blobs.get("source", b"")
            if self.doomed and header["op"] == "calls":
                raise BoxLost("the container vanished")
        self.box.send(*frames, within_s=within_s)


def test_a_candidate_that_kills_its_boxes_is_to_blame_and_not_the_engine(sandbox: Sandbox, make_job: MakeJob) -> None:
    backend = Fragile(sandbox)
    with Pool(backend, size=1) as pool:
        evidence = pool.run(make_job("KILLER = 1\ndef f(n):\n    return n\n", [(1,), (2,)]))
        assert ends(evidence) == ["lost", "lost"]
        assert not evidence.infra
        assert backend.started <= 2 * 4 + 2
        assert ends(pool.run(make_job("def f(n):\n    return n\n", [(1,)]))) == ["value"]


def test_only_who_loses_boxes_is_to_blame(
    sandbox: Sandbox, make_job: MakeJob, take_away: Callable[[Box], None]
) -> None:
    """All inputs are in the box when it is lost: that says nothing of any of them."""

    class Touchy(Fragile):
        def start(self, memory_mb: int) -> Box:
            return TouchyBox(self.real.start(memory_mb))

    class TouchyBox(FragileBox):
        def __init__(self, box: Box) -> None:
            super().__init__(box)
            self.ran_out_of_memory = lambda: True

        def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
            if any(call["args"] == [wire.encode(3)] for header, _ in frames for call in header.get("calls", ())):
                take_away(self.box)
                raise BoxLost("the container vanished")
            self.box.send(*frames, within_s=within_s)

    with Pool(Touchy(sandbox), size=1) as pool:
        evidence = pool.run(make_job("def f(n):\n    return n\n", [(n,) for n in range(1, 6)]))
    assert not evidence.infra
    assert ends(evidence) == ["value", "value", "oom", "value", "value"]


def test_memory_of_the_whole_box_is_the_candidates_doing(calls: Calls) -> None:
    # Files in memory stay when the process that wrote them is killed; then the supervisor itself has no room.
    source = """
import os
def f(n):
    for place in ('/dev/shm', '/tmp', '/box'):
        with open(place + '/x', 'wb', buffering=0) as file:
            try:
                while True: file.write(bytes(1 << 20))
            except OSError: pass
    x = []
    while True: x.append(bytearray(1 << 20))
"""
    for seen in calls(source, [(1,), (2,)], memory_mb=32):
        assert seen.ending in ("oom", "timeout", "exception"), seen
