"""Each kind's verifier: every outcome, reached by a real candidate in a real container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.grading.verifier import ENDINGS, clip, open_verifier
from harness.tasks import load_tasks
from harness.types import (
    Candidate,
    CaseEvidence,
    Ending,
    Evidence,
    Outcome,
    PytestCase,
    Task,
)
from tests.grading.conftest import Judge, outcomes

NewTask = Callable[..., Task]


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
