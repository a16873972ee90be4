"""From a candidate to a verdict, in a real container."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.errors import SandboxError
from harness.grading.grade import FILES, grade
from harness.sandbox import Box
from harness.sandbox.pool import Pool
from harness.types import Candidate, Extraction, Outcome, ProgramCase, PytestCase, Task

NewTask = Callable[..., Task]


def given(code: str | None, task: Task | None = None) -> Extraction:
    files = {task.solution if task else "solution.py": code} if code is not None else None
    return Extraction(candidate=Candidate(files=files) if files else None, choice="because")


class OutOfOrder:
    """A backend without an engine: the real one cannot be told to fail."""

    name = "none"

    def start(self, memory_mb: int) -> Box:
        raise SandboxError("no engine")

    def layers(self) -> dict[str, str]:
        return {"runtime": "none"}

    def close(self) -> None:
        pass


def test_a_verdict_says_how_it_came_about(function_task: NewTask, pool: Pool) -> None:
    task = function_task(("returns", "a", 1, 1), ("raises", "b", "KeyError", "x", 2))
    verdict, signature = grade(task, given("def f(n):\n    return n\n"), pool)
    assert (verdict.outcome, verdict.points, verdict.max_points) == (Outcome.wrong_answer, 1, 3)
    assert verdict.isolation == "candidate"
    assert verdict.backend == "docker"
    assert verdict.layers["network"] == "disabled"
    assert verdict.assurance == "proof"
    assert verdict.detail == ""
    assert verdict.seconds > 0
    assert len(signature) == 16
    assert grade(task, given("def f(n):\n    return n\n"), pool, "task")[0].isolation == "task"


def test_nothing_to_run(function_task: NewTask, pool: Pool) -> None:
    task = function_task(("raises", "a", "KeyError", "x", 1))
    verdict, signature = grade(task, given(None), pool)
    assert (verdict.outcome, verdict.points, verdict.max_points) == (Outcome.no_candidate, 0, 2)
    assert (verdict.cases, verdict.detail, signature) == ((), "because", "")


def test_a_sandbox_that_does_not_work_is_nobodys_wrong_answer(
    function_task: NewTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", (0.01,))
    task = function_task(("returns", "a", 1, 1))
    with Pool(OutOfOrder(), size=1) as broken:
        verdict, signature = grade(task, given("def f(n):\n    return n\n"), broken)
    assert verdict.outcome is Outcome.infra_error
    assert (verdict.detail, verdict.layers, signature) == ("no engine", {"runtime": "none"}, "")


def test_the_most_telling_outcome_stands_for_the_whole(function_task: NewTask, pool: Pool) -> None:
    task = function_task(*[("returns", str(n), n, n) for n in range(4)], limits={"timeout_s": 1})
    code = (
        "def f(n):\n    if n == 1: raise ValueError\n    if n == 2:\n        while True: pass\n    return n * (n < 3)\n"
    )
    verdict, _ = grade(task, given(code), pool)
    assert [case.outcome.value for case in verdict.cases] == ["passed", "runtime_error", "timeout", "wrong_answer"]
    assert verdict.outcome is Outcome.timeout


def signature_of(task: Task, pool: Pool, code: str) -> str:
    return grade(task, given(code, task), pool, "task")[1]


def test_equal_outputs_have_equal_signatures(function_task: NewTask, pool: Pool) -> None:
    task = function_task(("returns", "a", {1}, 1), ("returns", "b", None, 2))
    first = signature_of(task, pool, "def f(n):\n    return {'one', 'two', n}\n")
    assert first == signature_of(
        task, pool, "import time\ndef f(n):\n    time.sleep(0.01)\n    return {n, 'two', 'one'}\n"
    )
    assert first != signature_of(task, pool, "def f(n):\n    return {'one', n}\n")
    assert first != signature_of(task, pool, "def f(n):\n    return ['one', 'two', n]\n")
    error = signature_of(task, pool, "def f(n):\n    raise ValueError(n)\n")
    assert error not in ("", first)
    assert error != signature_of(task, pool, "def f(n):\n    raise KeyError(n)\n")


@pytest.mark.parametrize("code", ["", "def f(:", "1 / 0", "g = 1", "import os; os._exit(1)", "while True: pass"])
def test_what_never_answered_has_no_signature(function_task: NewTask, pool: Pool, code: str) -> None:
    task = function_task(("returns", "a", 1, 1), ("returns", "b", 1, 2), limits={"timeout_s": 0.7})
    assert signature_of(task, pool, code) == "" or "_exit" in code


def test_signatures_of_programs(new_task: NewTask, pool: Pool) -> None:
    task = new_task("program", cases=(ProgramCase(id="a", stdout="1\n"), ProgramCase(id="b", stdout="2\n")))
    assert signature_of(task, pool, "print(3)") == signature_of(task, pool, "import sys\nsys.stdout.write('3\\n')")
    assert signature_of(task, pool, "print(3)") != signature_of(task, pool, "print(4)")
    for broken in ("print(3", "1 / 0", "raise SystemError"):
        assert signature_of(task, pool, broken) == ""


def signatures_of_workspace(task: Task, pool: Pool, *codes: str) -> list[str]:
    return [signature_of(task, pool, code) for code in codes]


def test_signatures_of_workspaces_are_of_visible_tests_alone(new_task: NewTask, pool: Pool) -> None:
    seen = "from mod import f\ndef test_a():\n    assert f(1) == 2\n"
    hidden = "from mod import f\ndef test_b():\n    assert f(2) == 4\n"
    task = new_task(
        "workspace",
        solution="mod.py",
        cases=(
            PytestCase(id="visible_tests/test_v.py::test_a", visible=True),
            PytestCase(id="tests/test_m.py::test_b"),
        ),
        visible_tests={"visible_tests/test_v.py": seen},
        tests={"tests/test_m.py": hidden},
        editable=("*.py",),
    )
    right, again, fails_hidden, fails_both, broken = signatures_of_workspace(
        task,
        pool,
        "def f(n): return 2 * n\n",
        "def f(n): return n + n\n",
        "def f(n): return 2\n",
        "def f(n): return 0\n",
        "1 / 0\n",
    )
    assert right == again == fails_hidden, "no hidden test tells two candidates apart"
    assert fails_both not in (right, "")
    assert broken == ""


def test_workspaces_with_hidden_tests_alone_are_compared_by_their_files(new_task: NewTask, pool: Pool) -> None:
    tests = "from mod import f\ndef test_a():\n    assert f(1) == 2\n"
    case = PytestCase(id="tests/test_m.py::test_a")
    task = new_task("workspace", solution="mod.py", cases=(case,), tests={"tests/test_m.py": tests}, editable=("*.py",))
    right, same, other = signatures_of_workspace(
        task, pool, "def f(n): return 2 * n\n", "def f(n): return 2 * n\n", "def f(n): return n + n\n"
    )
    assert right == same != other
    assert right.startswith(FILES)


def test_odd_candidates_are_graded_like_any_other(function_task: NewTask, pool: Pool) -> None:
    task = function_task(("returns", "a", 1, 1))
    for code in ("\ud800", "\x00", "\udcff = 1", "# -*- coding: utf-16 -*-\n", "\ufeffdef f(n): return n", "(" * 5000):
        verdict, _ = grade(task, given(code), pool, "task")
        assert verdict.outcome in (Outcome.runtime_error, Outcome.passed, Outcome.crash)
        verdict.model_dump_json()
