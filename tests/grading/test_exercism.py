"""Exercises of the shipped track, graded in real boxes: wrong answers fail where they are wrong, no cheat passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.grading.admission import admit
from harness.grading.extract import extract
from harness.grading.grade import grade
from harness.sandbox.pool import Pool
from harness.tasks import load
from harness.types import Candidate, Extraction, Outcome, PytestCase, Reply, Task
from tests.full import FULL
from tests.grading.conftest import Judge


@pytest.fixture(scope="module")
def track(root: Path) -> dict[str, Task]:
    return {task.name: task for task in load(root / "fixtures" / "exercism_style").tasks}


def example(task: Task) -> str:
    """The text of the example in the place of the first solution file."""
    assert task.reference is not None
    return task.reference.files[task.editable[0]]


def changed(task: Task, old: str, new: str) -> dict[str, str]:
    """The reference with one mistake."""
    assert task.reference is not None
    found = {path: text.replace(old, new) for path, text in task.reference.files.items() if path in task.editable}
    assert found != {path: task.reference.files[path] for path in task.editable}, f"{old!r} stands nowhere"
    return {**task.reference.files, **found}


WRONG: dict[str, tuple[str, str, str, set[str]]] = {
    "a limit one too high": (
        "tide-words", "level < limit", "level <= limit", {"zero_is_low", "middle", "high"}
    ),
    "none for nothing": (
        "tide-words", "if levels else None", "if levels else 0", {"range_of_nothing"}
    ),
    "the other file": (
        "seed-vault", ".upper()", "", {"label", "spaces", "no_fraction", "labels_in_order"}
    ),
    "the fullest drawer": (
        "seed-vault", "min(weights)", "max(weights)", {"drawers_fill_evenly", "of_equal_drawers_the_lowest"}
    ),
    "no message": ("bee-dance", '"no run in this dance"', '"empty"', {"no_run"}),
    "left on": (
        "lamp-keeper", "except BaseException:\n        lamp.off()", "except BaseException:\n        pass",
        {"off_when_it_breaks"},
    ),
    "one row of a loop of subtests": ("kiln-schedule", "start <= hour < end", "start < hour < end", {"temperatures"}),
    "one subtest of several": ("kiln-schedule", "(1200,", "(1190,", {"cones"}),
    "a set-up that fails": (
        "kiln-schedule", "def ramp(self, to, rate):", "def ramp(self, to, rate):\n        raise RuntimeError\n",
        {"hours", "temperatures", "more_can_be_added", "cones", "a_new_kiln"},
    ),
    "the arguments of an exception": (
        "parcel-rates", 'ParcelError("too heavy", grams)', 'ParcelError("too heavy")', {"too_heavy"}
    ),
    "an exception of another class": (
        "parcel-rates", "class ParcelError(Exception)", "class ParcelError(ValueError)", set()
    ),
    "the end of the year": ("meteor-watch", "if first <= last else day >= first or day <= last", "", {"active"}),
    "a file that stays open": (
        "ferry-manifest", "    with open(path) as file:\n        for line in file:",
        "    if True:\n        for line in open(path).read().splitlines():", {"the_file_is_closed"},
    ),
    "only below": (
        "pulley-rig", "super().force() / self.crank", "self.load / self.crank", {"force", "text"}
    ),
    "an inherited test": (
        "pulley-rig", "return super().rope(height) * self.pulleys", "return 1",
        {"no_height_no_rope", "rope"},
    ),
    "a line that is full": (
        "postcard-columns", "len(word) <= WIDTH", "len(word) < WIDTH", {"a_line_that_is_full"}
    ),
}  # fmt: skip


CLASSES = {"only below": ("WinchCase",), "an inherited test": ("TackleCase", "WinchCase")}
"""Whose tests fail, where several classes have them."""


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_fails_where_it_is_wrong(track: dict[str, Task], judge: Judge, name: str) -> None:
    exercise, old, new, fails = WRONG[name]
    verdict = judge(track[exercise], changed(track[exercise], old, new), "task")
    assert verdict.outcome in ({Outcome.wrong_answer, Outcome.runtime_error} if fails else {Outcome.passed}), verdict
    failed = {case.id for case in verdict.cases if case.outcome is not Outcome.passed}
    assert len(failed) >= len(fails)
    classes = CLASSES.get(name, ("",))
    assert failed == {
        case.id
        for case in verdict.cases
        for test in fails
        for cls in classes
        if case.id.endswith(f"{cls}::test_{test}")
    }


def test_what_a_subtest_said_is_told(track: dict[str, Task], judge: Judge) -> None:
    task = track["kiln-schedule"]
    verdict = judge(task, changed(task, "(1200,", "(1190,"), "task")
    (failed,) = [case for case in verdict.cases if case.outcome is not Outcome.passed]
    assert failed.outcome is Outcome.wrong_answer
    assert "'stoneware' != 'earthenware'" in failed.got


PATCHED = "{code}\nimport unittest\nfor name in dir(unittest.TestCase):\n    if name.startswith('assert'):\n"
CHEATS = {
    "assertEqual does nothing": "{stub}\nimport unittest\nunittest.TestCase.assertEqual = lambda *a, **k: None\n",
    "no assertion does anything": PATCHED.replace("{code}", "{stub}")
    + "        setattr(unittest.TestCase, name, lambda *a, **k: None)\n",
    "first compares equal": "{stub}\nimport unittest\n"
    "unittest.TestCase._getAssertEqualityFunc = lambda *a: lambda *a, **k: None\n",
    "exit at import": "import os\nos._exit(0)\n",
    "sys.exit at import": "import sys\nsys.exit(0)\n",
    "skip at import": "import unittest\nraise unittest.SkipTest('no')\n",
    "skip in every call": "import unittest\ndef describe(*a): raise unittest.SkipTest('no')\n"
    "turns = range_of = describe\n",
    "skip the class": "{stub}\nimport unittest\nunittest.TestCase.__unittest_skip__ = True\n"
    "unittest.TestCase.__unittest_skip_why__ = 'no'\n",
    "expected to fail": "{stub}\nimport unittest\nunittest.TestCase.__unittest_expecting_failure__ = True\n",
    "no test runs": "{stub}\nimport unittest\n"
    "unittest.TestCase.run = unittest.TestCase.__call__ = lambda *a, **k: None\n",
    "errors are not told": "{stub}\nimport _pytest.unittest as u\n"
    "u.TestCaseFunction.addError = u.TestCaseFunction.addFailure = lambda *a: None\n",
    "another unittest": "import sys, types\n{stub}\nclass TestCase:\n    def __getattr__(self, name):\n"
    "        return lambda *a, **k: None\nfake = types.ModuleType('unittest')\nfake.TestCase = TestCase\n"
    "fake.skip = lambda why: lambda f: f\nfake.SkipTest = Exception\nfake.main = lambda: None\n"
    "sys.modules['unittest'] = fake\n",
    "another unittest of the test's": "import sys, types\n{stub}\nclass Anything:\n    def __getattr__(self, name):\n"
    "        return lambda *a, **k: None\n"
    "import gc, unittest\nfor found in gc.get_objects():\n"
    "    if type(found) is dict and found.get('unittest') is unittest: found['unittest'].TestCase = object\n",
    "always equal": "class Any:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n"
    "    def __bool__(self): return True\ndescribe = turns = range_of = lambda *a: Any()\n",
    "always equal and none": "class Any(list):\n    def __eq__(self, other): return True\n"
    "    def __ne__(self, other): return False\n    __hash__ = None\n"
    "describe = turns = lambda *a: Any()\ndef range_of(levels): return Any() if levels else None\n",
    "no tests are loaded": "{stub}\nimport unittest\nunittest.TestLoader.getTestCaseNames = lambda *a: []\n",
    "a main that exits": "{stub}\nimport unittest, sys\nunittest.main()\n",
    "subtests are swallowed": "{stub}\nimport _pytest.unittest as u\nu.TestCaseFunction.addSubTest = lambda *a: None\n"
    "import contextlib, unittest\n@contextlib.contextmanager\ndef quiet(*a, **k):\n    try: yield\n"
    "    except Exception: pass\nunittest.case._Outcome.testPartExecutor = quiet\n",
}  # fmt: skip


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_passes(track: dict[str, Task], judge: Judge, name: str) -> None:
    task = track["tide-words"]
    stub = task.workspace["tide_words.py"]
    verdict = judge(task, {"tide_words.py": CHEATS[name].replace("{stub}", stub)}, "task")
    assert not verdict.passed, verdict
    assert verdict.outcome is not Outcome.infra_error
    # A stub that returns None earns the test of None, and no cheat earns more without being known for it.
    assert verdict.points <= 2 or verdict.outcome is Outcome.tampered, verdict


@pytest.mark.parametrize("exercise", ["ferry-manifest", "kiln-schedule", "lamp-keeper", "pulley-rig"])
@pytest.mark.parametrize("cheat", ["assertEqual does nothing", "no assertion does anything"])
def test_no_exercise_can_be_passed_without_assertions(
    track: dict[str, Task], judge: Judge, exercise: str, cheat: str
) -> None:
    task = track[exercise]
    first = task.editable[0]
    # It works, so that tests get to their ends; what it does is wrong.
    wrong = example(task).replace("return", "return None and") + CHEATS[cheat].replace("{stub}", "")
    verdict = judge(task, {**task.workspace, first: wrong}, "task")
    assert not verdict.passed, verdict


LOOP = """import unittest
from sums import twice


class SumsTest(unittest.TestCase):
    def test_sums(self):
        for given, expected in zip([1, 2], [2, 4]):
            with self.subTest(given=given, expected=expected):
                self.assertEqual(twice(given), expected)
"""


def test_a_file_of_nothing_but_loops(judge: Judge, new_task: Callable[..., Task]) -> None:
    task = new_task(
        "workspace",
        editable=("sums.py",),
        workspace={"sums.py": ""},
        tests={"sums_test.py": LOOP},
        cases=(PytestCase(id="sums_test.py::SumsTest::test_sums"),),
    )
    good = "def twice(n):\n    return 2 * n\n"
    assert judge(task, {"sums.py": good}, "task").passed
    one = judge(task, {"sums.py": good.replace("2 * n", "2")}, "task")
    assert one.outcome is Outcome.wrong_answer
    assert "2 != 4" in one.cases[0].got
    skipping = "import unittest\ndef twice(n):\n    if n > 1: raise unittest.SkipTest('no')\n    return 2\n"
    assert judge(task, {"sums.py": skipping}, "task").outcome is Outcome.wrong_answer
    for cheat in ("assertEqual does nothing", "no assertion does anything", "subtests are swallowed"):
        bad = "def twice(n):\n    return 0\n" + CHEATS[cheat].replace("{stub}", "")
        assert judge(task, {"sums.py": bad}, "task").outcome is Outcome.tampered


EQUAL_TO_ALL = """class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return self
    def __rsub__(self, other): return self
    def __abs__(self): return self
    def __le__(self, other): return True
    __hash__ = None
"""
LATER = """import unittest
from datetime import date

from sums import later


class LaterTest(unittest.TestCase):
    def test_later(self):
        self.assertEqual(later(date(2024, 2, 28), 2), date(2024, 3, 1))
"""
CLOSE = """import unittest

from sums import half


class CloseTest(unittest.TestCase):
    def test_half(self):
        self.assertAlmostEqual(half(1), 0.5, delta=0.1)
"""
NO_LITERALS = {
    "a loop": (LOOP, "test_sums", "def twice(n):\n    return 2 * n\n", "def twice(n):\n    return Any()\n"),
    "dates": (
        LATER, "test_later", "from datetime import timedelta\ndef later(day, n):\n    return day + timedelta(n)\n",
        "def later(day, n):\n    return Any()\n",
    ),
    "about": (CLOSE, "test_half", "def half(n):\n    return n / 2\n", "def half(n):\n    return Any()\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_LITERALS)
def test_what_equals_everything_passes_no_test_without_literals(
    judge: Judge, new_task: Callable[..., Task], name: str
) -> None:
    tests, method, good, bad = NO_LITERALS[name]
    cls = tests.partition("class ")[2].partition("(")[0]
    task = new_task(
        "workspace",
        editable=("sums.py",),
        workspace={"sums.py": ""},
        tests={"sums_test.py": tests},
        cases=(PytestCase(id=f"sums_test.py::{cls}::{method}"),),
    )
    assert judge(task, {"sums.py": good}, "task").passed
    assert judge(task, {"sums.py": EQUAL_TO_ALL + bad}, "task").outcome is Outcome.tampered


def test_what_shall_pass_passes_every_time(track: dict[str, Task], judge: Judge) -> None:
    for task in track.values():
        assert task.reference is not None
        verdicts = [judge(task, task.reference.files, "task") for _ in range(3 if FULL else 2)]
        assert all(verdict.passed for verdict in verdicts), verdicts
        assert {len(verdict.cases) for verdict in verdicts} == {len(task.cases)}
        assert verdicts[0].assurance == "tamper-evident"


def test_the_tests_are_the_tasks_own_whatever_an_answer_brings(track: dict[str, Task], judge: Judge) -> None:
    task = track["lamp-keeper"]
    assert task.reference is not None
    answer = "### lamp_keeper.py\n```\n{}\n```\n### test_lamps.py\n```\nclass Lamp: ...\n```\n"
    answer += "### lamp_keeper_test.py\n```\ndef test_a(): ...\n```\n"
    found = extract(task, Reply(text=answer.format(example(task).rstrip())))
    assert found.candidate is not None
    assert found.candidate.files == {**task.workspace, "lamp_keeper.py": example(task)}
    assert len(found.rejected) == 2
    forged = {**task.workspace, "lamp_keeper_test.py": "def test_a(): ...\n"}
    assert not judge(task, forged, "task").passed


def test_who_leaves_a_refactoring_as_it_is_has_done_nothing(track: dict[str, Task], pool: Pool) -> None:
    task = track["postcard-columns"]
    same = task.workspace["postcard_columns.py"]
    for text in ("I would not touch it.", f"### postcard_columns.py\n```python\n{same}```\n", ""):
        verdict, signature = grade(task, extract(task, Reply(text=text)), pool, "task")
        assert (verdict.outcome, verdict.points, signature) == (Outcome.no_candidate, 0.0, "")
    untouched = Extraction(candidate=Candidate(files=task.workspace), choice="by an agent", handed_over=True)
    assert grade(task, untouched, pool, "task")[0].outcome is Outcome.no_candidate
    touched = {"postcard_columns.py": same + "\n\ndef postcard(text, to):\n    return card(text, to)\n"}
    assert grade(task, Extraction(candidate=Candidate(files=touched), choice=""), pool, "task")[0].passed


def test_a_stub_that_passes_is_noted_in_this_layout_only(track: dict[str, Task], pool: Pool) -> None:
    task = track["postcard-columns"]
    found = admit(task, pool, rounds=1)
    assert (found.admitted, found.problems) == (True, ())
    (note,) = found.notes
    assert "pass already" in note
    strict = admit(task.model_copy(update={"stub_may_pass": False}), pool, rounds=1)
    assert (strict.problems, strict.notes) == (("the stub: it passes, and must not",), ())
    bare = admit(track["tide-words"].model_copy(update={"reference": None}), pool, rounds=1)
    assert bare.admitted
    assert "no reference" in bare.notes[0]
    assert admit(track["tide-words"], pool, rounds=1).notes == ()
