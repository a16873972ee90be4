"""What agents are told: the task, and failures of hidden tests without their source."""

from __future__ import annotations

from harness.solvers.agents.feedback import IN_ALL, MOST_FAILURES, failures_text, task_text
from harness.types import CaseResult, Outcome, Task, Verdict
from tests.solvers.agents.test_files import FUNCTION, TASK


def verdict(*cases: CaseResult, outcome: Outcome = Outcome.wrong_answer) -> Verdict:
    return Verdict(outcome=outcome, cases=cases, max_points=float(len(cases)))


def failed(name: str, message: str) -> CaseResult:
    return CaseResult(id=f"tests/test_x.py::{name}", outcome=Outcome.wrong_answer, got=message, output="SOURCE")


def test_a_workspace_task_names_its_files_and_tests() -> None:
    told = task_text(TASK)
    assert told.startswith("x\n")
    assert "`src/a.py`, `src/b.py`" in told
    assert "README" not in told
    assert "`visible_tests`" in told


def test_a_function_task_names_its_file() -> None:
    assert "`solution.py`" in task_text(FUNCTION)


def test_a_task_without_visible_tests_promises_none() -> None:
    assert "tests" not in task_text(TASK.model_copy(update={"visible_tests": {}}))


def test_failures_are_named_with_their_messages_only() -> None:
    passed = CaseResult(id="tests/test_x.py::test_fine", outcome=Outcome.passed)
    told = failures_text(verdict(failed("test_b", "assert 1 == 2"), passed), changed=True)
    assert "1 passed, 1 failed" in told
    assert "- test_b: assert 1 == 2" in told
    assert "test_fine" not in told
    assert "SOURCE" not in told
    assert "test_x.py" not in told


def test_of_a_traceback_only_what_was_raised_is_told() -> None:
    told = failures_text(
        verdict(
            failed("test_b", "tests/test_x.py:3: in <module>\n    from shop import SECRET\nE   ImportError: no SECRET")
        ),
        changed=True,
    )
    assert "- test_b: ImportError: no SECRET\n" in told
    assert "from shop import" not in told


def test_many_and_long_failures_are_cut() -> None:
    told = failures_text(verdict(*(failed(f"test_{n}", "y" * 5000) for n in range(MOST_FAILURES + 5))), changed=True)
    assert len(told) < IN_ALL + 500
    assert "more characters" in told


def test_an_answer_that_was_never_run_says_why() -> None:
    assert "timeout" in failures_text(verdict(outcome=Outcome.timeout), changed=True)
    assert "no file was changed" in failures_text(verdict(outcome=Outcome.no_candidate), changed=False)


def test_a_kind_without_cases_is_told_all_the_same() -> None:
    task = Task(id="s/w", suite="s", name="w", kind="write_tests", instruction="Test it.", solution="test_solution.py")
    assert "`test_solution.py`" in task_text(task)
