"""Tests in one box and a candidate in another: what goes between them, what is refused, and who is to blame."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from harness.sandbox import SEND_S, Box, BoxLost, Frame, Sandbox, relay
from harness.sandbox.pool import Pool
from harness.sandbox.relay import checked
from harness.types import CaseEvidence, Evidence, Job, Limits, PytestInput
from tests.sandbox.test_pool import Watching

if TYPE_CHECKING:
    from harness.sandbox.docker import DockerSandbox

TESTS = """
from src.shop import total

def test_total():
    assert total([1, 2]) == 3

def test_nothing():
    assert total([]) == 0
"""
GOOD = "def total(prices):\n    return sum(prices)\n"


def job_of(candidate: str, tests: str = TESTS, **limits: Any) -> Job:
    item = PytestInput(
        id="plain",
        files={"tests/test_shop.py": tests},
        targets=("tests/test_shop.py",),
        candidate={"src/__init__.py": "", "src/shop.py": candidate},
        modules=("src",),
    )
    return Job(limits=Limits(**{"timeout_s": 10, **limits}), inputs=(item,))


def outcomes(seen: CaseEvidence) -> dict[str, str]:
    return {r["id"].rpartition("::")[2]: r["outcome"] for r in seen.records if "id" in r}


Run = Callable[..., CaseEvidence]


@pytest.fixture
def run(pool: Pool) -> Run:
    def one(candidate: str, tests: str = TESTS, share: str = "", **limits: Any) -> CaseEvidence:
        evidence = pool.run(job_of(candidate, tests, **limits), share)
        assert not evidence.infra
        (seen,) = evidence.cases
        return seen

    return one


@pytest.mark.parametrize("share", ["", "relay"])
def test_tests_run_against_modules_of_another_box(run: Run, share: str) -> None:
    for _ in range(3):
        seen = run(GOOD, share=share)
        assert (seen.ending, seen.exit_code) == ("exit", 0), seen
        assert outcomes(seen) == {"test_total": "passed", "test_nothing": "passed"}
    wrong = run("def total(prices):\n    return 3\n", share=share)
    assert (wrong.exit_code, outcomes(wrong)) == (1, {"test_total": "passed", "test_nothing": "failed"})


def test_output_of_both_is_kept(run: Run) -> None:
    seen = run("import sys\nprint('loading')\n" + GOOD.replace("return", "print('adding', file=sys.stderr); return"))
    assert seen.stdout.startswith(b"loading\n")
    assert b"2 passed" in seen.stdout
    assert seen.stderr == b"adding\nadding\n"


ENDS = {
    "exits": ("import os\ndef total(p): os._exit(0)\n", "exception", "exited with code 0 while the tests asked for"),
    "exits at import": ("import os\nos._exit(3)\n", "exception", "code 3 while the tests asked for src.shop"),
    "is killed": ("import os\ndef total(p): os.kill(os.getpid(), 11)\n", "signal", "while the tests asked"),
    "sleeps": ("import time\ndef total(p): time.sleep(60)\n", "timeout", "while the tests asked"),
    "works for ever": ("def total(p):\n    while True: pass\n", "timeout", "while the tests asked"),
    "sleeps at import": ("import time\ntime.sleep(60)\n", "timeout", "while the tests asked for src"),
    "eats memory": ("def total(p): return len(bytearray(1 << 30))\n", "oom", ""),
    "prints": ("def total(p):\n    while True: print('x' * 1000)\n", "output_limit", "while the tests asked"),
    "prints in every call": ("def total(p):\n    print('x' * 6000)\n    return sum(p)\n", "output_limit", "while"),
    "answers nothing": (
        "import os\ndef total(p): os.write(3, b'\\0\\0\\0\\2{}')\n",
        "rejected",
        "no answer in the agreed",
    ),
    "answers a number": (
        "import os\ndef total(p): os.write(3, b'\\0\\0\\0\\x011')\n",
        "rejected",
        "no answer in the agreed",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_candidate_that_ends_ends_the_run(run: Run, name: str) -> None:
    candidate, ending, detail = ENDS[name]
    seen = run(candidate, share="ends", timeout_s=2, memory_mb=64, output_kb=10)
    assert (seen.ending, seen.id) == (ending, "plain"), seen
    assert detail in seen.detail
    assert len(seen.stdout) + len(seen.stderr) <= 10 * 1024
    # Both boxes are as good as new, or others take their place.
    assert run(GOOD, share="ends", memory_mb=64).exit_code == 0


def test_the_time_limit_is_for_all_answers_together(run: Run) -> None:
    slow = "import time\ndef total(p):\n    time.sleep(1.2)\n    return sum(p)\n"
    assert run(slow, timeout_s=2).ending == "timeout"
    assert run(slow, timeout_s=8).exit_code == 0


def test_a_little_in_every_answer_adds_up(run: Run) -> None:
    # Most of a short wait may be that for the processor on a busy machine, but not all of it.
    loop = "from src.shop import total\n\ndef test_loop():\n    while total([1]):\n        pass\n"
    assert (
        run("import time\ndef total(p):\n    time.sleep(0.05)\n    return 1\n", loop, timeout_s=0.1).ending == "timeout"
    )


def test_questions_come_to_an_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "MOST_QUESTIONS", 20)
    loop = "from src.shop import total\n\ndef test_loop():\n    while total([1]):\n        pass\n"
    seen = run(GOOD, loop)
    assert (seen.ending, seen.detail) == ("timeout", "more than 20 questions while the tests asked for a call")


def test_time_of_the_tests_is_not_without_limit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "START_S", 2.0)
    seen = run(GOOD, "def test_long():\n    while True: pass\n", timeout_s=0.5)
    assert seen.ending == "timeout"


def test_a_crowd_with_one_box_ready_never_waits_for_itself(sandbox: DockerSandbox) -> None:
    # Everybody holds a box and needs another one.
    backend = Watching(sandbox)
    with Pool(backend, size=1, makers=1) as pool, ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda n: pool.run(job_of(GOOD), "crowd" if n % 2 else ""), range(12)))
    for evidence in found:
        assert [case.exit_code for case in evidence.cases] == [0]
    assert not any(box.open for box in backend.boxes)


class Overheard(Watching):
    """The real backend whose boxes keep what they are sent, and the first of which are lost at the fourth question."""

    def __init__(self, real: DockerSandbox, lost: int = 0) -> None:
        super().__init__(real)
        self.lost = lost
        self.taps: list[Tapped] = []

    def start(self, memory_mb: int) -> Any:
        self.taps.append(Tapped(super().start(memory_mb), self))
        return self.taps[-1]


class Tapped:
    """One overheard box."""

    def __init__(self, box: Box, backend: Overheard) -> None:
        self.box, self.backend, self.sent, self.asked = box, backend, [b""], 0
        self.ran_out_of_memory, self.close, self.receive = box.ran_out_of_memory, box.close, box.receive

    def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
        for header, blobs in frames:
            self.sent.append(json.dumps(header).encode() + b"".join(blobs.values()))
            self.asked += "question" in header
        if self.asked == 4 and self.backend.lost:
            self.backend.lost -= 1
            raise BoxLost("somebody took it away")
        self.box.send(*frames, within_s=within_s)


def with_losses(sandbox: DockerSandbox, lost: int) -> tuple[Evidence, Overheard]:
    backend = Overheard(sandbox, lost)
    with Pool(backend, size=1) as pool:
        return pool.run(job_of(GOOD)), backend


def test_neither_box_gets_what_is_the_other_ones(sandbox: DockerSandbox) -> None:
    evidence, backend = with_losses(sandbox, 0)
    assert [case.exit_code for case in evidence.cases] == [0]
    sent = [b"".join(box.sent) for box in backend.taps]
    tests = [data for data in sent if b"def test_total" in data]
    candidates = [data for data in sent if b"return sum(prices)" in data]
    assert (len(tests), len(candidates)) == (1, 1)
    assert tests[0] is not candidates[0]
    assert b"test_" not in candidates[0]
    assert b"assert" not in candidates[0]
    assert b"prices" not in tests[0]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_box_changes_nothing(sandbox: DockerSandbox, lost: int) -> None:
    evidence, backend = with_losses(sandbox, lost)
    assert [outcomes(case) for case in evidence.cases] == [{"test_total": "passed", "test_nothing": "passed"}]
    assert evidence.tries == lost + 1
    assert not any(box.open for box in backend.boxes)


def test_a_box_lost_every_time_is_the_candidates_doing(sandbox: DockerSandbox) -> None:
    # The engine is well, as the honest control shows: so it is no failure of the harness.
    evidence, _ = with_losses(sandbox, 99)
    assert not evidence.infra
    assert [case.ending for case in evidence.cases] == ["lost"]


def test_a_removed_container_is_replaced(sandbox: Sandbox, take_away: Callable[[Box], None]) -> None:
    slow = "import time\ndef total(p):\n    time.sleep(1)\n    return sum(p)\n"
    backend = Watching(sandbox)
    with Pool(backend, size=2) as pool, ThreadPoolExecutor(1) as threads:
        running = threads.submit(pool.run, job_of(slow, timeout_s=20))
        deadline = time.monotonic() + 30
        while len(backend.boxes) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        take_away(backend.boxes[1])
        evidence = running.result()
    assert [outcomes(case) for case in evidence.cases] == [{"test_total": "passed", "test_nothing": "passed"}]


FINE: dict[str, Any] = {"value": ["i", "0x3"], "new": []}
DESCRIBED = ["1", "class", "Cart", ["=object", "2"], "src.cart", ["total"]]


def test_honest_answers_go_through_as_they_are() -> None:
    for answer in (
        FINE,
        {"value": ["l", [["o", "1f"], ["o", "=ValueError"]]], "new": [DESCRIBED, ["1f", "object", "1"]]},
        {"raised": ["3", "no such code\ud800", [["s", "no such code"]]], "new": [["3", "object", "=KeyError"]]},
        {"unsupported": "nested deeper than 200", "new": []},
        {"value": ["n"], "new": [["4", "callable", "total", "src.cart"], ["5", "module", "src.cart"]]},
    ):
        assert checked(dict(answer)) == answer
    assert checked({**FINE, "more": 1}) == FINE
    assert checked({"unsupported": "\ud800" * 900, "new": []}) == {"unsupported": "\\ud800" * 500, "new": []}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"value": ["i", "0x3"]},
        {**FINE, "new": {}},
        {**FINE, "value": ["i", 3]},
        {**FINE, "value": ["o", "x1"]},
        {**FINE, "value": ["o", "=a.b"]},
        {**FINE, "value": ["o", "123456789"]},
        {**FINE, "value": ["o", 1]},
        {**FINE, "value": ["l", ["n"]]},
        {**FINE, "new": [["=ValueError", "object", "1"]]},
        {**FINE, "new": [["1", "file", "x"]]},
        {**FINE, "new": [["1", "module"]]},
        {**FINE, "new": [["1", "module", "src.", "x"]]},
        {**FINE, "new": [["1", "module", "src..x"]]},
        {**FINE, "new": [["1", "object", "Cart"]]},
        {**FINE, "new": [["1", "object", ["=int"]]]},
        {**FINE, "new": [DESCRIBED[:-1]]},
        {**FINE, "new": [[*DESCRIBED[:2], "Cart()", *DESCRIBED[3:]]]},
        {**FINE, "new": [[*DESCRIBED[:2], "C" * 300, *DESCRIBED[3:]]]},
        {**FINE, "new": [[*DESCRIBED[:3], "=object", *DESCRIBED[4:]]]},
        {**FINE, "new": [[*DESCRIBED[:5], ["a-b"]]]},
        {"raised": ["1", "text"], "new": []},
        {"raised": ["1", b"", []], "new": []},
        {"raised": ["1", "text", [["x"]]], "new": []},
        {"raised": {"1": 1}, "new": []},
        {"unsupported": 1, "new": []},
    ],
)
def test_any_other_answer_is_none(answer: Any) -> None:
    assert checked(answer) is None
