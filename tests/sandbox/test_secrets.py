"""What a candidate must not know: expected values, inputs to come, what was there before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.grading.grade import grade
from harness.sandbox import SEND_S, Box, Frame, Sandbox
from harness.sandbox.pool import Pool
from harness.types import (
    CallCase,
    Candidate,
    Extraction,
    ProgramCase,
    Raises,
    Returns,
    Task,
)
from tests.sandbox.conftest import Calls, Plain

SCAN = r"""
import ctypes
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: else a process may not read its own memory
TURN = bytes(255 - byte for byte in range(256))
def f(turned):
    # Both sides are turned over: the needle as such would be found in the haystack.
    count = 0
    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if 'r' not in rights or '[v' in line: continue
            low, high = (int(part, 16) for part in span.split('-'))
            try:
                memory.seek(low)
                count += memory.read(high - low).translate(TURN).count(turned)
            except (OSError, OverflowError, ValueError): pass
    return count
"""


def turned(text: bytes) -> bytes:
    return bytes(255 - byte for byte in text)


def test_later_inputs_are_not_in_memory(calls: Calls, plain: Plain) -> None:
    marker = b"MARKER-OF-INPUT-FIVE"
    control = b"PR_SET_DUMPABLE: else"
    inputs = [(turned(control),), (turned(marker),), (turned(marker),), (turned(marker),), (turned(b"nothing"), marker)]
    source = SCAN.replace("def f(turned):", "def f(turned, more=b''):")
    found = [plain(one) for one in calls(source, inputs)[:4]]
    assert found[0] > 0, "the scan finds what is there"
    assert found[1:] == [0, 0, 0]


@pytest.mark.parametrize("secret", ["source", "input", "output"])
def test_an_earlier_candidate_is_not_in_the_memory_of_the_next(calls: Calls, plain: Plain, secret: str) -> None:
    marker = "MARKER-OF-THE-FIRST-CANDIDATE"
    source = (f"# {marker}\n" * 1000 if secret == "source" else "") + "def f(x):\n    return x\n"
    if secret == "output":
        source = "def f(x):\n    print('MARKER-OF-THE-' + 'FIRST-CANDIDATE' * 1000)\n    return x\n"
    share = f"memory {secret}"
    (first,) = calls(source, [(marker * 500 if secret == "input" else 1,)], share=share)
    assert first.ending == "value"
    (second,) = calls(SCAN, [(turned(marker.encode()),)], share=share)
    assert plain(second) == 0


def test_reading_ahead_finds_nothing(calls: Calls, plain: Plain) -> None:
    source = """
import os, select
def f(n):
    ready, _, _ = select.select([4], [], [], 0.3)
    return len(os.read(4, 1 << 16)) if ready else 0
"""
    assert [plain(one) for one in calls(source, [(1,), (2,), (3,)])] == [0, 0, 0]


def test_answers_given_ahead_are_only_answers(calls: Calls) -> None:
    source = r"""
import os
def frame(text): return len(text).to_bytes(4, 'big') + text
def f(n):
    os.write(3, b''.join(frame(b'{"value":["i","0x%x"]}' % (100 * k)) for k in range(1, 4)))
    return n
"""
    seen = calls(source, [(1,), (2,), (3,)])
    assert [one.value for one in seen] == [["i", "0x64"], ["i", "0xc8"], ["i", "0x12c"]]


class Recording:
    """The real backend, which keeps a copy of every byte that goes into its boxes."""

    name = "recording"

    def __init__(self, real: Sandbox) -> None:
        self.real, self.layers = real, real.layers
        self.sent = bytearray()

    def start(self, memory_mb: int) -> Box:
        return RecordingBox(self, self.real.start(memory_mb))

    def close(self) -> None:
        """The real one is not ours to close."""


class RecordingBox:
    """See `Recording`."""

    def __init__(self, owner: Recording, box: Box) -> None:
        self.owner, self.box = owner, box
        self.receive, self.ran_out_of_memory, self.close = box.receive, box.ran_out_of_memory, box.close

    def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
        for header, blobs in frames:
            self.owner.sent += json.dumps(header).encode() + b"".join(blobs.values())
        self.box.send(*frames, within_s=within_s)


@pytest.fixture
def recording(sandbox: Sandbox) -> Iterator[tuple[Recording, Pool]]:
    backend = Recording(sandbox)
    with Pool(backend, size=1) as pool:
        yield backend, pool


@pytest.mark.parametrize("kind", ["function", "program"])
def test_expected_values_never_leave_the_host(recording: tuple[Recording, Pool], kind: str) -> None:
    backend, pool = recording
    marks = ["EXPECTED-ONE", "EXPECTED-TWO", "EXPECTED-THREE"]
    if kind == "function":
        cases: tuple[Any, ...] = (
            CallCase(id="one", source="f(1)", args=("INPUT",), expect=Returns(value=marks[0])),
            CallCase(id="two", source="f(2)", args=("INPUT",), expect=Raises(type_name=marks[1], message=marks[2])),
        )
    else:
        cases = (ProgramCase(id="one", stdin="INPUT", stdout=marks[0], writes={"out.txt": marks[1]}),)
    task = Task(id="s/t", suite="s", name="t", kind=kind, instruction="", entry="f", cases=cases)
    code = "def f(x):\n    return x\nif __name__ == '__main__': open('out.txt', 'w').write('x')\n"
    verdict, _ = grade(task, Extraction(candidate=Candidate(files={"solution.py": code}), choice=""), pool)
    assert verdict.outcome == "wrong_answer"
    assert marks[0] in verdict.cases[0].expected
    assert b"INPUT" in backend.sent
    for mark in marks:
        assert mark.encode() not in backend.sent


def test_no_input_is_known_before_its_turn(calls: Calls, plain: Plain) -> None:
    """They are in the box, but not in any memory that the candidate's process has a copy of."""
    source = """
import gc, os
def f(wanted):
    wanted = bytes(wanted)
    found = []
    for line in open("/proc/self/maps") if os.access("/proc/self/mem", os.R_OK) else ():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if "r" in line.split()[1]:
            with open("/proc/self/mem", "rb", buffering=0) as memory:
                memory.seek(start)
                try: found.append(wanted in memory.read(end - start))
                except OSError: pass
    return any(found), any(wanted in repr(item).encode() for item in gc.get_objects() if type(item) in (list, dict))
"""
    # As numbers one by one, which is not how they look on their way as text.
    mark = b"a-later-input-" + b"4711"
    seen = calls(source, [(list(mark),), (mark.decode() * 1000,), (mark,)])
    assert plain(seen[0]) == (False, False)
