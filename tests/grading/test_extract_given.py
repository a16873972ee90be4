"""Answers that are given outright, without a model, go by the same rules."""

from __future__ import annotations

import pytest

from harness.grading.extract import candidate_from
from harness.types import Task

ADD = "def add(a, b):\n    return a + b\n"
FUNCTION = Task(id="s/add", suite="s", name="add", kind="function", instruction="", entry="add")
WORKSPACE = Task(
    id="s/w",
    suite="s",
    name="w",
    kind="workspace",
    instruction="",
    editable=("src/*.py",),
    workspace={"src/a.py": "x = 1\n", "LICENSE": "MIT\n"},
)


@pytest.mark.parametrize(
    "code, expected",
    [
        (ADD, ADD),
        (f"```python\n{ADD}```\n", ADD),
        ("def add(a, b)\n    return", "def add(a, b)\n    return"),
        ("def other():\n    pass", "def other():\n    pass"),
        ("nonsense that is no code", "nonsense that is no code"),
        ("print('```')\n", "print('```')\n"),
        ("\ufeffx = 1\r\ny = '\ud800'\n", "x = 1\ny = '\ufffd'\n"),
    ],
)
def test_code_is_taken_as_it_stands_but_for_fences(code: str, expected: str) -> None:
    found = candidate_from(FUNCTION, code, None)
    assert found.candidate is not None
    assert found.candidate.files == {"solution.py": expected}


@pytest.mark.parametrize(
    "code, reason",
    [
        (None, "the answer has no code and no files"),
        ("", "the code is empty"),
        ("x" * 1024 * 1025, "larger than 1024 KiB"),
    ],
)
def test_code_that_cannot_be_taken(code: str | None, reason: str) -> None:
    found = candidate_from(FUNCTION, code, None)
    assert found.candidate is None
    assert found.choice == reason


def test_files_of_a_single_file_task() -> None:
    found = candidate_from(FUNCTION, None, {"solution.py": ADD, "extra.py": "x"})
    assert found.candidate is not None
    assert found.candidate.files == {"solution.py": ADD}
    assert found.rejected == ("extra.py: not the file of the answer, solution.py",)
    assert candidate_from(FUNCTION, None, {"extra.py": "x"}).choice == "solution.py is not among the given files"


def test_files_of_a_workspace_task_are_put_over_it() -> None:
    found = candidate_from(
        WORKSPACE, None, {"src/b.py": "y = 2\n", "./src/a.py": "x = 3\n", "LICENSE": "mine", "../x.py": ""}
    )
    assert found.candidate is not None
    assert found.candidate.files == {"src/a.py": "x = 3\n", "src/b.py": "y = 2\n", "LICENSE": "MIT\n"}
    assert found.rejected == ("LICENSE: not editable", "../x.py: a path with '..'")
    assert found.choice == "2 of 4 given files taken"


def test_no_file_of_a_workspace_task_can_be_taken() -> None:
    assert candidate_from(WORKSPACE, None, {}).candidate is None
    assert candidate_from(WORKSPACE, None, {"LICENSE": "mine"}).candidate is None


def test_code_of_a_workspace_task_is_a_reply() -> None:
    found = candidate_from(WORKSPACE, "### src/b.py\n```\ny = 2\n```\n", None)
    assert found.candidate is not None
    assert found.candidate.files["src/b.py"] == "y = 2\n"
