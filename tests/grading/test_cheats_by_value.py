"""The cheats of `test_cheats.py` where tests pass values only and run in a box of their own: the verdict is proof."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import TaskError
from harness.grading.admission import admit
from harness.sandbox.pool import Pool
from harness.tasks import load
from harness.tasks.native import read_task
from harness.types import Outcome, PytestCase, Task
from tests.grading.conftest import Judge
from tests.grading.test_cheats import BUGGY, CHEATS, COIN, HONEST, NAMES, SIDE_FILES, TESTS, answer

HONEST_OUTCOMES = {Outcome.wrong_answer, Outcome.runtime_error, Outcome.crash, Outcome.timeout, Outcome.output_limit}


@pytest.fixture(scope="module")
def shop() -> Task:
    idents = [f"tests/test_shop.py::test_{name}" for name in NAMES]
    idents += [f"tests/test_shop.py::TestMore::test_{name}" for name in ("big", "negative")]
    return Task(
        id="suite/shop",
        suite="suite",
        name="shop",
        kind="workspace",
        instruction="",
        by_value=True,
        cases=tuple(PytestCase(id=ident) for ident in idents),
        workspace={"src/__init__.py": "", "src/shop.py": BUGGY, "README.md": "A shop.\n"},
        editable=("src/*.py",),
        tests={"tests/test_shop.py": TESTS},
    )


@pytest.mark.parametrize("name", [*CHEATS, "coin"])
def test_no_cheat_passes(shop: Task, judge: Judge, name: str) -> None:
    verdict = judge(shop, answer(shop, {**CHEATS, "coin": BUGGY + COIN}[name]), "task")
    assert verdict.outcome in HONEST_OUTCOMES, verdict
    assert verdict.assurance == "proof"
    # Nothing is earned but by what the buggy code does right.
    assert verdict.points <= 6, verdict


def test_files_beside_the_code_change_nothing(shop: Task, judge: Judge) -> None:
    beside = {
        **SIDE_FILES,
        "tests/__init__.py": "import os\nos._exit(0)\n",
        "tests/test_shop.py": "def test_a(): pass\n",
    }
    assert not judge(shop, answer(shop, BUGGY, **beside), "task").passed
    honest = judge(shop, answer(shop, HONEST, **beside), "task")
    assert honest.passed, honest


def test_the_honest_answer_passes_every_time(shop: Task, judge: Judge) -> None:
    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda _: judge(shop, answer(shop, HONEST), "task"), range(10)))
    verdicts.append(judge(shop, answer(shop, HONEST)))
    for verdict in verdicts:
        assert verdict.passed, verdict
        assert verdict.assurance == "proof"
        assert len(verdict.cases) == 15


def test_both_forms_say_the_same_of_a_buggy_answer(shop: Task, judge: Judge) -> None:
    apart, together = (
        judge(shop.model_copy(update={"by_value": by_value}), answer(shop, BUGGY), "task") for by_value in (True, False)
    )
    assert [(case.id, case.outcome) for case in apart.cases] == [(case.id, case.outcome) for case in together.cases]
    assert (apart.assurance, together.assurance) == ("proof", "tamper-evident")


def test_an_answer_without_the_module_fails_like_any_other(shop: Task, judge: Judge) -> None:
    for files in ({}, {"src/__init__.py": ""}, {"README.md": "nothing"}, {"src/shop.py": "def total(:\n"}):
        verdict = judge(shop, files, "task")
        assert verdict.outcome is Outcome.runtime_error, verdict


TASK = {
    "task.yaml": 'kind: workspace\neditable: ["src/*.py"]\ntests_pass: values\n',
    "instruction.md": "Sort.\n",
    "workspace/src/lists.py": "def sort_in_place(items):\n    pass\n",
    "reference/src/lists.py": "def sort_in_place(items):\n    items.sort()\n",
    "tests/test_lists.py": """from src.lists import sort_in_place
def test_sorted():
    items = [2, 1]
    sort_in_place(items)
    assert items == [1, 2]
""",
}


def written(root: Path, **changes: str) -> Path:
    for name, text in {**TASK, **changes}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_a_task_whose_reference_needs_more_than_values_is_not_admitted(tmp_path: Path, pool: Pool) -> None:
    (task,) = load(written(tmp_path / "s" / "t")).tasks
    assert task.by_value
    found = admit(task, pool, rounds=1)
    assert not found.admitted
    assert "the reference does not pass" in found.problems[0]
    assert found.problems[0].endswith("tests that need more than values are `tests_pass: objects`")
    (task,) = load(written(tmp_path / "s" / "u", **{"task.yaml": TASK["task.yaml"].replace("values", "objects")})).tasks
    assert not task.by_value
    assert admit(task, pool, rounds=1).admitted


def test_the_key_and_what_it_forbids(tmp_path: Path) -> None:
    wrong = {"task.yaml": TASK["task.yaml"].replace("values", "by value")}
    with pytest.raises(TaskError, match="expected objects or values, found 'by value'") as caught:
        read_task(written(tmp_path / "a", **wrong), None)
    assert (caught.value.path, caught.value.line, caught.value.key) == (tmp_path / "a" / "task.yaml", 3, "tests_pass")
    starred = {"tests/test_lists.py": "import os\nfrom src.lists import *\ndef test_a(): pass\n"}
    with pytest.raises(TaskError, match="name what is imported") as caught:
        read_task(written(tmp_path / "b", **starred), None)
    assert (caught.value.path, caught.value.line) == (tmp_path / "b" / "tests" / "test_lists.py", 2)
