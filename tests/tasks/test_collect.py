"""Tests found by reading are those that pytest collects when it imports the file."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from harness.tasks import load_tasks
from harness.tasks.collect import Collected, collected, repeated

HELPERS = """
import unittest

class FarBase(unittest.TestCase):
    def test_far(self): ...

class Plain:
    def test_plain(self): ...

def test_helper(): ...
def helper(): ...
"""

SOURCE = """
import abc
import unittest
import unittest as u
from unittest import IsolatedAsyncioTestCase, TestCase as Case
import helpers
from helpers import FarBase, Plain as Mixed, test_helper as test_renamed
from helpers import helper as test_helper_under_another_name
import pytest


def test_function(): ...
def helper(): ...
def tested(): ...
async def test_async(): ...
class BowlingTest(unittest.TestCase):
    def setUp(self): ...
    def test_a(self): ...
    def testB(self): ...
    def check(self): ...
    test_alias = check
    test_number = 5
    @property
    def test_property(self): return lambda: None
class Second(u.TestCase):
    def test_second(self): ...
class Third(Case):
    def test_third(self): ...
class Lower(BowlingTest):
    def test_a(self): ...
    test_alias = None
class Deleted(Case):
    def test_hidden(self): ...
class Shown(Deleted):
    def test_shown(self): ...
class Mixin:
    def test_mixed(self): ...
class WithMixin(Mixin, Case): ...
class Far(FarBase):
    def test_near(self): ...
class Farther(helpers.FarBase): ...
class MixedIn(Mixed, Case): ...
class Loop(IsolatedAsyncioTestCase):
    async def test_loop(self): ...
class Run(Case):
    def runTest(self): ...
class RunNot(Case):
    def runTest(self): ...
    def test_only(self): ...
class TestPlain:
    def test_p(self): ...
    @staticmethod
    def test_static(): ...
    @classmethod
    def test_class(cls): ...
    class TestInner:
        def test_inner(self): ...
    class Inner:
        def test_not(self): ...
class TestBelow(TestPlain):
    def test_below(self): ...
class TestMade:
    def __init__(self): ...
    def test_never(self): ...
class NoTest:
    def test_no(self): ...
class TestSwitched(Case):
    __test__ = False
    def test_off(self): ...
class On(TestSwitched):
    __test__ = True
    def test_on(self): ...
class Abstract(Case, abc.ABC):
    @abc.abstractmethod
    def value(self): ...
    def test_value(self): ...
class Concrete(Abstract):
    def value(self): ...
class Top(Case):
    def test_who(self): ...
class Left(Top): ...
class Right(Top):
    def test_right(self): ...
class Diamond(Left, Right): ...
@unittest.skip("never")
class Skipped(Case):
    def test_skipped(self): ...
@pytest.mark.parametrize("n", [1, 2])
def test_many(n): ...
def test_twice(): ...
def test_twice(): ...

del Deleted

if __name__ == "__main__":
    unittest.main()
"""


def names(source: str, **beside: str) -> list[str]:
    return [test.name for test in collected(ast.parse(source), {f"{name}.py": text for name, text in beside.items()})]


def by_pytest(directory: Path, name: str) -> set[str]:
    """What pytest itself says, run over files of ours."""
    arguments = ["-m", "pytest", "--collect-only", "-q", "--noconftest", "-c", "/dev/null", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, *arguments, "--rootdir", str(directory), name], cwd=directory, capture_output=True, text=True
    )
    lines = [line for line in done.stdout.splitlines() if "::" in line]
    assert lines, done.stdout + done.stderr
    return {line.partition("::")[2].partition("[")[0] for line in lines}


def test_the_same_as_pytest(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    (tmp_path / "odd_test.py").write_text(SOURCE)
    found = names(SOURCE, helpers=HELPERS)
    assert len(found) == len(set(found))
    assert set(found) == by_pytest(tmp_path, "odd_test.py")


@pytest.mark.parametrize("exercise", ["lamp-keeper", "meteor-watch", "pulley-rig", "seed-vault", "tide-words"])
def test_the_shipped_tracks_tests(root: Path, tmp_path: Path, exercise: str) -> None:
    (task,) = load_tasks([root / "fixtures" / "exercism_style"], [exercise])
    assert task.reference is not None
    for path, text in {**task.reference.files, **task.tests}.items():
        (tmp_path / path).write_text(text)
    for path, text in task.tests.items():
        found = {test.name for test in collected(ast.parse(text), task.workspace)}
        assert found == by_pytest(tmp_path, path)


def one(source: str) -> Collected:
    (test,) = collected(ast.parse("import unittest, pytest\n" + source))
    return test


CLASS = "class A(unittest.TestCase):\n  def test_a(self): ...\n"


@pytest.mark.parametrize(
    "source",
    [
        f"@unittest.skip('x')\n{CLASS}",
        CLASS.replace("  def", "  @unittest.skipIf(1, 'x')\n  def"),
        CLASS.replace("  def", "  @unittest.expectedFailure\n  def"),
        CLASS.replace("...", "self.skipTest('x')"),
        "def test_a():\n  if 1:\n    pytest.skip('x')\n",
        "def test_a():\n  raise unittest.SkipTest('x')\n",
        "@pytest.mark.xfail\ndef test_a(): ...\n",
        "@pytest.mark.skipif('x', reason='')\ndef test_a(): ...\n",
    ],
)
def test_what_its_own_file_skips_is_optional(source: str) -> None:
    assert one(source).optional


def test_labels_change_nothing() -> None:
    assert one(f"@pytest.mark.task(taskno=1)\n{CLASS}").once
    assert not one(f"@pytest.mark.task(taskno=1)\n{CLASS}").optional
    assert one("@pytest.mark.slow\ndef test_a(): ...\n").once
    for decorator in (
        "pytest.mark.parametrize('x', [])",
        "wrapped('x')",
        "pytest.mark.usefixtures('x')",
        "staticmethod",
    ):
        assert not one(f"@{decorator}\ndef test_a(): ...\n").once
    assert not one(f"@wrapped('x')\n{CLASS}").once
    assert one(f"@patch('x')\n{CLASS}").once
    assert one("@unittest.mock.patch.object(A, 'x')\ndef test_a(): ...\n").once


def test_hidden_by_another_of_its_name() -> None:
    source = "def test_a(): ...\ndef helper(): ...\ndef helper(): ...\ndef test_a(): ...\n"
    source += "class A:\n  def test_b(self): ...\n  def test_b(self): ...\n"
    assert list(repeated(ast.parse(source))) == [("test_a", 4), ("A::test_b", 7)]


def test_odd_bases_are_no_trouble() -> None:
    circle = "from b import B\nclass A(B):\n  def test_a(self): ...\n"
    back = "from a import A\nclass B(A): ...\n"
    assert names(circle, a=circle, b=back) == []
    itself = "import unittest\nclass A(A): ...\nclass B(unittest.TestCase):\n  def test_b(self): ...\nclass B(B): ...\n"
    assert names(itself) == ["B::test_b"]
    assert names("class A(make(), x[0], *y):\n  def test_a(self): ...\n", broken="def (") == []
    assert names("from broken import A\nclass B(A):\n  def test_a(self): ...\n", broken="def (") == []
    assert names("from unittest import *\nclass B(TestCase):\n  def test_a(self): ...\n") == ["B::test_a"]
