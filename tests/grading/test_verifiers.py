"""Each kind's verifier: every outcome, reached by a real candidate in a real container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.grading.verifier import ENDINGS, Verifier, clip, open_verifier
from harness.tasks import load_tasks
from harness.types import (
    Candidate,
    CaseEvidence,
    Ending,
    Evidence,
    MutantCase,
    Outcome,
    ProgramCase,
    PytestCase,
    Task,
    Verdict,
)

Judge = Callable[..., Verdict]
NewTask = Callable[..., Task]


def outcomes(verdict: Verdict) -> list[str]:
    return [case.outcome.value for case in verdict.cases]


def test_one_verifier_a_kind() -> None:
    assurance = {kind: open_verifier(kind).assurance for kind in ("function", "program", "write_tests", "workspace")}
    assert assurance == {
        "function": "proof",
        "program": "proof",
        "write_tests": "tamper-evident",
        "workspace": "tamper-evident",
    }
    with pytest.raises(UsageError, match=r"no verifiers/poem\.py"):
        open_verifier("poem")


def test_every_ending_has_an_outcome() -> None:
    assert set(ENDINGS) == set(Ending.__args__)  # type: ignore[attr-defined]
    assert Outcome.passed not in ENDINGS.values()
    assert Outcome.infra_error not in ENDINGS.values()


def test_text_for_people_is_bounded_and_storable() -> None:
    assert clip("a\x00b\ud800") == "a\\0b?"
    assert clip("x" * 5000).endswith("… (1000 more characters)")


# function ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def duration() -> Task:
    root = Path(__file__).resolve().parents[2]
    (task,) = load_tasks([root / "fixtures" / "single_function" / "parse_iso_duration"])
    return task


def test_the_points_of_parse_iso_duration(duration: Task, judge: Judge) -> None:
    assert duration.points == 22
    assert duration.reference is not None
    verdict = judge(duration, duration.reference.files)
    assert (verdict.points, verdict.max_points, verdict.score, verdict.passed) == (22, 22, 1.0, True)
    assert verdict.assurance == "proof"
    assert verdict.visible_score == 1.0


@pytest.mark.parametrize(
    ("code", "points"),
    [
        ("def parse_iso_duration(s):\n    raise ValueError('invalid ISO duration: ' + s)\n", 16),
        ("def parse_iso_duration(s):\n    raise TypeError('invalid ISO duration: ' + s)\n", 8),
        ("def parse_iso_duration(s):\n    raise ValueError(s)\n", 8),
        ("def parse_iso_duration(s):\n    raise KeyError(s)\n", 0),
        ("def parse_iso_duration(s):\n    return None\n", 0),
        ("def parse_iso_duration(s):\n    return 300\n", 1),
        ("raise ValueError('invalid ISO duration: ')\n", 0),
        ("raise ValueError('invalid ISO duration: ')\ndef parse_iso_duration(s): pass\n", 0),
        ("", 0),
    ],
)
def test_type_and_message_are_worth_a_point_each(duration: Task, judge: Judge, code: str, points: int) -> None:
    verdict = judge(duration, code)
    assert verdict.points == points
    assert verdict.max_points == 22
    assert not verdict.passed


CODE = {
    "passed": "return 4",
    "wrong_answer": "return 5",
    "runtime_error": "raise RuntimeError('no')",
    "crash": "import os; os.abort()",
    "output_limit": "while True: print('x' * 999)",
    "timeout": "while True: pass",
    "oom": "x = [bytearray(1 << 22) for _ in range(999)]",
}


@pytest.mark.parametrize("outcome", CODE)
def test_every_outcome_of_a_function(function_task: NewTask, judge: Judge, outcome: str) -> None:
    limits = {"timeout_s": 1.5, "memory_mb": 64, "output_kb": 64}
    task = function_task(("returns", "a", 4, 2), ("raises", "b", "KeyError", None, 3), limits=limits)
    code = f"def f(n):\n    if n == 3: raise KeyError\n    {CODE[outcome]}\n"
    verdict = judge(task, code)
    assert outcomes(verdict) == [outcome, "passed"]
    assert verdict.outcome.value == outcome
    assert verdict.points == (2 if outcome == "passed" else 1)


ALWAYS_EQUAL = """
class Mixin:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __bool__(self): return True
    def __class_getitem__(cls, key): return cls
class Int(Mixin, int): pass
class Text(Mixin, str): pass
class Several(Mixin, list): pass
class Table(Mixin, dict): pass
class Pair(Mixin, tuple): pass
class Anything(Mixin):
    __class__ = int
    def __reduce__(self): return int, (5,)
    def __index__(self): return 5
    def __iter__(self): return iter(())
"""


@pytest.mark.parametrize(
    "value",
    ["Int(5)", "Text('4')", "Several([4])", "Table()", "Pair()", "Anything()", "[Int(5)]", "{Int(5): 1}"],
)
@pytest.mark.parametrize(
    "patch", ["", "import builtins, json\nbuiltins.type = lambda value: int\njson.dumps = lambda *a: '4'"]
)
def test_objects_that_equal_everything_do_not_pass(
    function_task: NewTask, judge: Judge, value: str, patch: str
) -> None:
    task = function_task(
        *[("returns", f"case-{n}", expect) for n, expect in enumerate([4, "4", [4], {}, (), {4: 1}, None])]
    )
    verdict = judge(task, f"{ALWAYS_EQUAL}\n{patch}\ndef f():\n    return {value}\n")
    assert verdict.points == 0, outcomes(verdict)


def test_a_forged_answer_counts_as_the_answer_it_is(function_task: NewTask, judge: Judge) -> None:
    task = function_task(("returns", "a", 4, 2), ("returns", "b", 5, 3))
    code = """
import os
def f(n):
    data = b'{"value":["i","0x4"],"passed":true,"outcome":"passed"}'
    os.write(3, len(data).to_bytes(4, 'big') + data)
    os._exit(0)
"""
    assert outcomes(judge(task, code)) == ["passed", "runtime_error"]


def test_tolerance_and_fresh_processes(function_task: NewTask, judge: Judge) -> None:
    code = "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen) / 3\n"
    cases = [("returns", "a", 0.33333333, 1), ("returns", "b", 0.33333333, 1)]
    assert outcomes(judge(function_task(*cases, tolerance=1e-6, fresh=True), code)) == ["passed", "passed"]
    assert outcomes(judge(function_task(*cases, tolerance=1e-6), code)) == ["passed", "wrong_answer"]
    assert outcomes(judge(function_task(*cases, fresh=True), code)) == ["wrong_answer", "wrong_answer"]


def test_what_a_case_shows(function_task: NewTask, judge: Judge) -> None:
    task = function_task(("returns", "a", {"k": (1,)}, 2), ("raises", "b", "KeyError", "x", 3))
    one, two = judge(task, "def f(n):\n    print('said', n)\n    return [n]\n").cases
    assert (one.expected, one.got, one.output) == ("{'k': (1,)}", "[2]", "said 2\n")
    assert (two.expected, two.got) == ("raises KeyError('x'…)", "[3]")
    one, two = judge(task, "def f(n):\n    import os; os._exit(3)\n").cases
    assert one.got == "the process exited with code 3"
    one, two = judge(task, "def f(n):\n    raise KeyError('\\ud800')\n").cases
    assert one.got == "KeyError: '\\ud800'"


# program -------------------------------------------------------------------------------------------------------------


def program_task(*cases: ProgramCase, **keys: Any) -> Task:
    facts = {"id": "s/t", "suite": "s", "name": "t", "kind": "program", "instruction": "", "cases": cases, **keys}
    return Task.model_validate(facts)


@pytest.mark.parametrize(
    ("code", "outcome", "why"),
    [
        ("print('a\\nb')", "passed", ""),
        ("print('a\\nb', end='')", "wrong_answer", "stdout differs"),
        ("print('a\\nb\\n')", "wrong_answer", "stdout differs"),
        ("print('a\\r\\nb')", "wrong_answer", "stdout differs"),
        ("print('a\\nb ')", "wrong_answer", "stdout differs"),
        ("import sys; sys.stdout.buffer.write(b'a\\nb\\n\\xff')", "wrong_answer", "stdout differs"),
        ("import sys; print('a\\nb'); sys.exit(1)", "wrong_answer", "exit code 1, expected 0"),
        ("import sys; print('a\\nb'); sys.exit('bad')", "wrong_answer", "exit code 1, expected 0"),
        ("print('a\\nb'); 1/0", "runtime_error", "exit code 1, expected 0"),
        ("print('a\\nb'", "runtime_error", "exit code 1, expected 0"),
        ("import os; print('a\\nb', flush=True); os._exit(137)", "wrong_answer", "exit code 137"),
        ("import os; print('a\\nb', flush=True); os.abort()", "crash", ""),
        ("print('a\\nb', flush=True)\nwhile True: pass", "timeout", ""),
        ("while True: print('a')", "output_limit", ""),
        ("import sys; print('a\\nb'); print('noise', file=sys.stderr)", "passed", ""),
        ("import subprocess; subprocess.run(['echo', 'a\\nb'])", "passed", ""),
        ("import atexit; atexit.register(print, 'b'); print('a')", "passed", ""),
        ("", "wrong_answer", "stdout differs"),
    ],
)
def test_the_output_of_a_program_is_exact(judge: Judge, code: str, outcome: str, why: str) -> None:
    task = program_task(ProgramCase(id="a", stdout="a\nb\n"), limits={"timeout_s": 1.5, "output_kb": 64})
    (case,) = judge(task, code).cases
    assert case.outcome.value == outcome
    assert why in case.detail


def test_arguments_input_files_and_exit_codes(judge: Judge) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nname, code = sys.argv[1:]\n"
        "text = Path('in put/data.csv').read_bytes() + sys.stdin.buffer.read()\n"
        "Path(name).parent.mkdir(exist_ok=True)\nPath(name).write_bytes(text)\nsys.exit(int(code))\n"
    )
    facts: dict[str, Any] = {
        "argv": ("out/x.txt", "3"),
        "stdin": "é\r\n",
        "files": {"in put/data.csv": "a,1\n"},
        "exit_code": 3,
    }
    task = program_task(
        ProgramCase(id="right", writes={"out/x.txt": "a,1\né\r\n"}, **facts),
        ProgramCase(id="newline", writes={"out/x.txt": "a,1\né\n"}, **facts),
        ProgramCase(id="missing", writes={"out/x.txt": "a,1\né\r\n", "y.txt": ""}, **facts),
        ProgramCase(id="stdout", stdout="x", **facts),
    )
    verdict = judge(task, code)
    assert outcomes(verdict) == ["passed", "wrong_answer", "wrong_answer", "wrong_answer"]
    assert [case.detail for case in verdict.cases[1:]] == [
        "out/x.txt differs",
        "y.txt was not written",
        "stdout differs",
    ]


def test_every_run_of_a_program_starts_in_an_empty_directory(judge: Judge) -> None:
    code = (
        "import os\nprint(sorted(os.listdir()), os.listdir('/tmp'), os.listdir('/dev/shm'))\n"
        "open('left.txt', 'w').write('x')\nopen('/tmp/left', 'w').write('x')\n"
    )
    stdout = "['solution.py'] [] []\n"
    task = program_task(*[ProgramCase(id=f"run-{n}", stdout=stdout) for n in range(3)])
    assert outcomes(judge(task, code)) == ["passed"] * 3


def test_a_program_cannot_hand_over_a_link(judge: Judge) -> None:
    task = program_task(ProgramCase(id="a", writes={"out.txt": "x"}))
    verdict = judge(task, "import os\nos.symlink('/etc/hostname', 'out.txt')\n")
    assert outcomes(verdict) == ["artifact_rejected"]


# write_tests ---------------------------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"t/test_hidden.py": "from shop import SECRET"}, "did not run: another file of tests could not be loaded"),
        ({"t/test_shown.py": "from shop import shown", "t/test_hidden.py": "SECRET"}, "from shop import shown"),
        ({}, "did not run"),
    ],
)
def test_a_visible_test_that_did_not_run_quotes_no_hidden_file(
    new_task: NewTask, broken: dict[str, str], told: str
) -> None:
    shown = PytestCase(id="t/test_shown.py::test_a", visible=True)
    hidden = PytestCase(id="t/test_hidden.py::test_b")
    task = new_task(
        "workspace", cases=(shown, hidden), by_value=True, workspace={"shop.py": ""}, tests={"t/test_hidden.py": ""},
        visible_tests={"t/test_shown.py": ""},
    )  # fmt: skip
    verifier = open_verifier("workspace")
    plan = verifier.plan(task, Candidate(files={"shop.py": ""}))
    records = [{"collect": path, "outcome": "failed", "message": text} for path, text in reversed(broken.items())]
    code = 2 if broken else 5
    seen = CaseEvidence(id="plain", ending="exit", exit_code=code, records=(*records, {"finish": code}))
    results = verifier.verify(task, plan, Evidence(cases=(seen,)))
    assert [result.outcome for result in results] == [Outcome.runtime_error] * 2
    assert results[0].detail == told
    if broken:
        assert "SECRET" in results[1].detail
