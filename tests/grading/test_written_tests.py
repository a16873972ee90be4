"""Tests that a model writes: what they find in implementations that are right and wrong."""

from __future__ import annotations

import pytest

from harness.grading.verifier import ENDINGS, Verifier, open_verifier
from harness.types import (
    Candidate,
    CaseEvidence,
    MutantCase,
    Task,
)
from tests.grading.conftest import Judge, outcomes

GOOD = {"src/__init__.py": "", "src/calc.py": "def add(a, b):\n    return a + b\n"}


@pytest.fixture(scope="module")
def add_tests() -> Task:
    bad = {"minus": "a - b", "first": "a", "text": "str(a + b)"}
    cases = [MutantCase(id="good", files=GOOD, should_pass=True)]
    for name, body in bad.items():
        files = {**GOOD, "src/calc.py": f"def add(a, b):\n    return {body}\n"}
        cases.append(MutantCase(id=f"bad/{name}", files=files, should_pass=False))
    facts = {"id": "s/t", "suite": "s", "name": "t", "kind": "write_tests", "instruction": ""}
    return Task.model_validate({**facts, "solution": "test_calc.py", "cases": cases})


IMPORT = "import os, sys, pytest\nfrom src.calc import add\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def test_add():\n    assert add(1, 2) == 3\n", "passed passed passed passed"),
        ("class TestAdd:\n    def test_add(self):\n        assert add(1, 2) == 3\n", "passed passed passed passed"),
        (
            "import unittest\nclass T(unittest.TestCase):\n  def test(self):\n    self.assertEqual(add(1, 2), 3)\n",
            "passed passed passed passed",
        ),
        ("def test_add():\n    assert add(0, 0) == 0\n", "passed wrong_answer wrong_answer passed"),
        ("def test_add():\n    assert add(1, 2) == 4\n", "wrong_answer passed passed passed"),
        ("def test_add():\n    pass\n", "passed wrong_answer wrong_answer wrong_answer"),
        ("def check():\n    assert add(1, 2) == 3\n", "runtime_error runtime_error runtime_error runtime_error"),
        ("import nothing\ndef test_add():\n    assert add(1, 2) == 3\n", "runtime_error " * 4),
        ("def test_add(:\n", "runtime_error " * 4),
        ("@pytest.mark.skip\ndef test_add():\n    assert add(1, 2) == 3\n", "runtime_error " * 4),
        ("pytest.skip('no', allow_module_level=True)\n", "runtime_error " * 4),
        ("@pytest.mark.xfail\ndef test_add():\n    assert add(1, 2) == 3\n", "runtime_error " * 4),
        ("def test_add(no_such_fixture):\n    assert add(1, 2) == 3\n", "wrong_answer passed passed passed"),
        ("if add(1, 2) != 3: os._exit(1)\ndef test_add():\n    pass\n", "passed " + "runtime_error " * 3),
        ("def test_add():\n    os._exit(add(1, 2) != 3)\n", "tampered " + "runtime_error " * 3),
        ("def test_add():\n    pytest.exit('no', add(1, 2) != 3)\n", "tampered " + "runtime_error " * 3),
        ("def test_add():\n    if add(1, 2) != 3: raise KeyboardInterrupt\n", "passed " + "runtime_error " * 3),
        ("def test_add():\n    sys.exit(add(1, 2) != 3)\n", "wrong_answer passed passed passed"),
        ("", "runtime_error " * 4),
    ],
)
def test_tests_written_by_a_model(add_tests: Task, judge: Judge, code: str, expected: str) -> None:
    verdict = judge(add_tests, IMPORT + code, "task")
    assert [case.id for case in verdict.cases] == ["good", "bad/minus", "bad/first", "bad/text"]
    assert outcomes(verdict) == expected.split(), [case.detail for case in verdict.cases]


def test_nothing_but_the_implementation_tells_the_processes_apart(add_tests: Task, judge: Judge) -> None:
    count_pids = """
def test_first_come():
    for _ in range(50):
        if (child := os.fork()) == 0: os._exit(0)
        os.waitpid(child, 0)
    assert os.getpid() < 50
"""
    assert outcomes(judge(add_tests, IMPORT + count_pids)) == ["passed", *["wrong_answer"] * 3]
    leave_a_note = """
def test_note():
    for place in ('/tmp/note', '/dev/shm/note', 'note', '/box/note'):
        assert not os.path.exists(place)
        open(place, 'w').write('x')
"""
    assert outcomes(judge(add_tests, IMPORT + leave_a_note, "task")) == ["passed", *["wrong_answer"] * 3]


def test_the_order_of_implementations_is_random(add_tests: Task) -> None:
    verifier: Verifier = open_verifier("write_tests")
    orders = {
        tuple(item.id for item in verifier.plan(add_tests, Candidate(files={"test_calc.py": ""})).job.inputs)
        for _ in range(200)
    }
    assert len(orders) > 15
    assert {order[0] for order in orders} == {case.id for case in add_tests.cases}


def test_evidence_without_a_case_is_an_error_of_ours(add_tests: Task) -> None:
    verifier = open_verifier("function")
    seen = CaseEvidence(id="x", ending="value")
    assert seen.ending in ENDINGS
    assert verifier.plan(add_tests, Candidate(files={})).job.inputs == ()


# workspace -----------------------------------------------------------------------------------------------------------
