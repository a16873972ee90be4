"""Every shipped task is admitted: the reference passes, everything else fails as it says. `make check`: three times
alike."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from harness.grading.admission import admit
from harness.grading.attempts import in_threads
from harness.sandbox import open_sandbox
from harness.sandbox.pool import Pool
from harness.tasks import load
from tests.full import FULL

SUITES = {"warmup": 12, "single_function": 12, "real_dev": 12, "exercism_style": 10, "rubric": 80}
"""Suite -> the least number of tasks it ships."""
ROUNDS = 3 if FULL else 1


@pytest.mark.engine
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SUITES)
def test_the_shipped_tasks_are_admitted(root: Path, name: str) -> None:
    suite = load(root / "fixtures" / name)
    assert len(suite.tasks) >= SUITES[name]
    with contextlib.closing(open_sandbox("docker", print)) as sandbox, Pool(sandbox, size=4) as pool:
        problems = {
            item.task: item.problems
            for item in in_threads(lambda task: admit(task, pool, rounds=ROUNDS), suite.tasks, pool, 4)
            if not item.admitted
        }
    assert problems == {}


def test_the_real_dev_tasks_have_what_the_format_asks_of_them(root: Path) -> None:
    for task in load(root / "fixtures" / "real_dev").tasks:
        assert sum(not answer.cheat for answer in task.flawed) >= 2, task.id
        if task.kind == "workspace":
            assert sum(answer.cheat for answer in task.flawed) >= 1, task.id
            assert any(not case.visible for case in task.cases), task.id


def test_the_published_prompts_have_the_points_they_had(root: Path) -> None:
    tasks = {task.name: task for task in load(root / "fixtures" / "single_function").tasks}
    assert tasks["parse_iso_duration"].points == 22
    assert len(tasks["flatten"].cases) == 10
    assert tasks["invalidate_cache_test"].kind == "write_tests"
