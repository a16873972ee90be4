"""Admission of tasks: what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import SandboxError
from harness.grading.admission import admit, stub
from harness.grading.attempts import in_threads
from harness.sandbox import Box
from harness.sandbox.pool import Pool
from harness.types import Answer, MutantCase, ProgramCase, PytestCase, Task

NewTask = Callable[..., Task]

GOOD = "def f(n):\n    if n < 0: raise ValueError('negative')\n    return n * n\n"
CASES = (
    ("returns", "one", 1, 1),
    ("returns", "two", 4, 2),
    ("returns", "three[x]", 9, 3),
    ("raises", "negative", "ValueError", "neg", -1),
)


def answer(code: str, name: str = "wrong/x.py", *, fails: tuple[str, ...] = ("*",), **keys: Any) -> Answer:
    return Answer(name=name, files={"solution.py": code}, fails=fails, **keys)


@pytest.fixture
def squares(function_task: NewTask) -> Callable[..., Task]:
    def make(*flawed: Answer, reference: str = GOOD, **keys: Any) -> Task:
        return function_task(*CASES, reference=answer(reference, "reference.py", fails=()), flawed=flawed, **keys)

    return make


def problems(task: Task, pool: Pool, rounds: int = 2) -> list[str]:
    found = admit(task, pool, rounds)
    assert found.task == task.id
    assert found.admitted == (not found.problems)
    return list(found.problems)


LINEAR = "def f(n):\n    if n < 0: raise ValueError('negative')\n    return n\n"


def test_a_sound_task_is_admitted(squares: NewTask, pool: Pool) -> None:
    wrong = answer(LINEAR, fails=("t*",), outcome="wrong_answer")
    assert problems(squares(wrong), pool, rounds=3) == []


@pytest.mark.parametrize(
    ("flawed", "problem"),
    [
        (answer(GOOD), "wrong/x.py: it passes, and must not"),
        (answer(GOOD, "cheat/x.py", cheat=True), "cheat/x.py: it passes, and must not"),
        (answer(LINEAR, fails=("two",)), "wrong/x.py: it also fails three[x], which its `fails` does not list"),
        (answer(LINEAR, fails=("t*", "one")), "wrong/x.py: it does not fail one, which its `fails` lists"),
        (answer(LINEAR, fails=("two", "three[y]", "three[[]x]")), "it does not fail three[y], which its `fails` lists"),
        (answer(LINEAR, fails=("t*", "nine*")), "wrong/x.py: it does not fail nine*, which its `fails` lists"),
        (answer(LINEAR, outcome="timeout"), "wrong/x.py: its outcome is wrong_answer, stated is timeout"),
        (answer("def f(:", outcome="wrong_answer"), "wrong/x.py: its outcome is runtime_error, stated is wrong_answer"),
    ],
)
def test_an_answer_that_does_not_fail_as_stated(squares: NewTask, pool: Pool, flawed: Answer, problem: str) -> None:
    assert problem in "\n".join(problems(squares(flawed), pool, rounds=1))


def test_brackets_in_ids_are_no_patterns(squares: NewTask, pool: Pool) -> None:
    assert problems(squares(answer(LINEAR, fails=("two", "three[x]"))), pool, rounds=1) == []


def test_a_reference_that_fails(squares: NewTask, pool: Pool) -> None:
    (problem,) = problems(squares(reference=LINEAR), pool)
    words = "wrong_answer, 3/5 points: two wrong_answer (2); three[x] wrong_answer (3)"
    assert problem == f"reference.py: the reference does not pass: {words}"


def test_many_failures_are_summed_up(function_task: NewTask, pool: Pool) -> None:
    cases = [("returns", f"case-{n}", n, n) for n in range(9)]
    task = function_task(*cases, reference=answer("def f(n): return -1\n", "reference.py", fails=()))
    (problem,) = problems(task, pool, rounds=1)
    assert problem.endswith("case-2 wrong_answer (-1); and 6 more")


def test_a_flaky_reference(function_task: NewTask, pool: Pool) -> None:
    cases = [("returns", f"case-{n}", n, n) for n in range(40)]
    flaky = "import os\ndef f(n):\n    return n + os.urandom(1)[0] % 2\n"
    found = problems(function_task(*cases, reference=answer(flaky, "reference.py", fails=())), pool, rounds=3)
    assert "reference.py: 3 rounds of grading did not agree: wrong_answer," in found[0]


def test_a_task_that_the_stub_or_nothing_passes(function_task: NewTask, pool: Pool) -> None:
    task = function_task(("returns", "a", None, 1), reference=answer("def f(n): pass\n", "reference.py", fails=()))
    assert problems(task, pool, rounds=1) == ["the stub: it passes, and must not"]


def test_stubs(new_task: NewTask) -> None:
    assert stub(new_task("program")) == {"solution.py": "pass\n"}
    assert stub(new_task("workspace", workspace={"a.py": "1"})) == {"a.py": "1"}
    assert "def f(" in stub(new_task("function", entry="f"))["solution.py"]
    assert "def test_" in stub(new_task("write_tests", solution="test_x.py"))["test_x.py"]


def test_a_program(new_task: NewTask, pool: Pool) -> None:
    cases = (ProgramCase(id="a", stdout="1\n"), ProgramCase(id="b", stdin="x", stdout=""))
    code = "import sys\nif not sys.stdin.read(): print(1)\n"
    task = new_task(
        "program", cases=cases, reference=answer(code, fails=()), flawed=(answer("print(1)", fails=("b",)),)
    )
    assert problems(task, pool) == []
    # Silence is right where nothing is asked for.
    silent = new_task("program", cases=cases[1:], reference=answer("pass", fails=()))
    assert problems(silent, pool, rounds=1) == ["the stub: it passes, and must not"]


def test_written_tests(new_task: NewTask, pool: Pool) -> None:
    cases = (
        MutantCase(id="good", files={"m.py": "X = 1\n"}, should_pass=True),
        MutantCase(id="bad/two", files={"m.py": "X = 2\n"}, should_pass=False),
    )
    right = Answer(name="reference.py", files={"test_m.py": "import m\ndef test_x():\n    assert m.X == 1\n"})
    wrong = Answer(name="w", files={"test_m.py": "import m\ndef test_x():\n    assert m.X\n"}, fails=("bad/*",))
    task = new_task("write_tests", solution="test_m.py", cases=cases, reference=right, flawed=(wrong,))
    assert problems(task, pool, rounds=1) == []


def test_a_workspace_and_a_cheat(new_task: NewTask, pool: Pool) -> None:
    tests = "from m import f\ndef test_a():\n    assert f(1) == 2\ndef test_b():\n    assert f(2) == 3\n"
    buggy = "def f(n):\n    return n\n"
    patch = "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"

    def overlay(name: str, code: str, **keys: Any) -> Answer:
        return Answer(name=name, files={"m.py": code}, **keys)

    task = new_task(
        "workspace",
        editable=("*.py",),
        workspace={"m.py": buggy},
        tests={"tests/test_m.py": tests},
        cases=tuple(PytestCase(id=f"tests/test_m.py::test_{name}") for name in "ab"),
        reference=overlay("reference", "def f(n):\n    return n + 1\n"),
        flawed=(
            overlay("wrong/constant", "def f(n):\n    return 2\n", fails=("*test_b",)),
            overlay("cheat/patch", buggy + patch, fails=("*",), outcome="tampered", cheat=True),
        ),
    )
    assert problems(task, pool, rounds=1) == []


class OutOfOrder:
    """A backend without an engine: the real one cannot be told to fail."""

    name = "none"

    def start(self, memory_mb: int) -> Box:
        raise SandboxError("no engine")

    def layers(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass


def test_a_sandbox_that_fails_is_no_refusal(squares: NewTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", ())
    with Pool(OutOfOrder(), size=1) as broken, pytest.raises(SandboxError, match=r"reference\.py .*: no engine"):
        admit(squares(), broken, rounds=1)


def test_several_tasks_in_order(squares: NewTask, pool: Pool) -> None:
    tasks = [squares().model_copy(update={"id": f"suite/{n}"}) for n in range(4)]
    found = list(in_threads(lambda task: admit(task, pool, rounds=1), tasks, pool, 3))
    assert [one.task for one in found] == [f"suite/{n}" for n in range(4)]
    assert all(one.admitted for one in found)
