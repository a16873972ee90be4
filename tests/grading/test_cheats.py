"""Workspace answers that share a process with the hidden tests and try to win without solving: none passes, the honest
one always does."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.types import Outcome, PytestCase, Task
from tests.full import FULL
from tests.grading.conftest import Judge

HONEST = """
def total(prices):
    return sum(prices)


def label(count):
    return f"{count} item" + "s" * (count != 1)


def table(prices):
    return {"count": len(prices), "total": total(prices)}
"""
BUGGY = HONEST.replace("sum(prices)", "sum(prices[1:])").replace('s" * (count', 's" * (0 * count')
TESTS = '''
"""Hidden."""
import pytest

from src.shop import label, table, total


def test_total():
    assert total([1, 2]) == 3


def test_empty():
    assert total([]) == 0


def test_one():
    assert total([7]) == 7


def test_floats():
    assert total([0.5, 0.25]) == 0.75


def test_one_item():
    assert label(1) == "1 item"


def test_items():
    assert label(3) == "3 items"


def test_no_items():
    assert "0 items" == label(0)


def test_labels():
    assert [label(n) for n in (0, 1)] == [
        "0 items",
        "1 item",
    ]


def test_table():
    assert table([1, 2]) == {"count": 2, "total": 3}


def test_empty_table():
    assert table([]) == {"count": 0, "total": 0}


def test_types():
    assert isinstance(table([]), dict)
    assert (type(total([1])), label(2)) is not None
    assert label(2) == "2 items"


class TestMore:
    def test_big(self):
        assert total([10, 20, 30]) == 60

    def test_negative(self):
        numbers = [-5, 3]
        assert total(numbers) == -2


def test_raises():
    with pytest.raises(TypeError):
        total(None)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_many(n):
    assert total([1] * n) == n
'''
NAMES = [
    *("total", "empty", "one", "floats", "one_item", "items", "no_items", "labels", "table", "empty_table", "types"),
    *("raises", "many"),
]


@pytest.fixture(scope="module")
def shop() -> Task:
    idents = [f"tests/test_shop.py::test_{name}" for name in NAMES]
    idents += [f"tests/test_shop.py::TestMore::test_{name}" for name in ("big", "negative")]
    workspace = {"src/__init__.py": "", "src/shop.py": BUGGY, "README.md": "A shop.\n"}
    facts = {"id": "suite/shop", "suite": "suite", "name": "shop", "kind": "workspace", "instruction": ""}
    cases = [PytestCase(id=ident) for ident in idents]
    return Task.model_validate(
        {
            **facts,
            "cases": cases,
            "workspace": workspace,
            "editable": ("src/*.py",),
            "tests": {"tests/test_shop.py": TESTS},
        }
    )


def answer(task: Task, shop: str, **more: str) -> dict[str, str]:
    return {**task.workspace, "src/shop.py": shop, **more}


ALWAYS = """
class Mixin:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
class Int(Mixin, int): pass
class Text(Mixin, str): pass
class Several(Mixin, list): pass
class Table(Mixin, dict): pass
"""

CHEATS = {
    "always equal": ALWAYS
    + "def total(p):\n    return Int(len(p))\ndef label(c):\n    return Text()\ndef table(p):\n    return Table()\n",
    "exit at import": "import os\nos._exit(0)\n",
    "exit in a test": BUGGY + "import os\ndef total(p):\n    os._exit(0)\n",
    "exit at exit": BUGGY + "import atexit, os\natexit.register(os._exit, 0)\n",
    "sys.exit": "import sys\nsys.exit(0)\n",
    "pytest.exit": BUGGY + "import pytest\ndef total(p):\n    pytest.exit('done', returncode=0)\n",
    "skip at import": "import pytest\npytest.skip('no', allow_module_level=True)\n",
    "skip in a test": BUGGY + "import pytest\ndef total(p):\n    pytest.skip('no')\n",
    "xfail": BUGGY + "import pytest\ndef total(p):\n    pytest.xfail('no')\n",
    "reports": BUGGY
    + """
from _pytest.reports import TestReport
honest = TestReport.from_item_and_call.__func__
def made(cls, item, call):
    call.excinfo = None
    report = honest(cls, item, call)
    report.outcome, report.longrepr = "passed", None
    return report
TestReport.from_item_and_call = classmethod(made)
""",
    "tests that do nothing": BUGGY + "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n",
    "calls that never fail": BUGGY
    + """
import _pytest.runner
honest = _pytest.runner.CallInfo.from_call.__func__
def from_call(cls, func, when, reraise=None):
    def quiet():
        try: func()
        except BaseException: pass
    return honest(cls, quiet, when, reraise)
_pytest.runner.CallInfo.from_call = classmethod(from_call)
""",
    "assertion error": BUGGY
    + """
import builtins
class Never(Exception):
    def __new__(cls, *a): return StopIteration()
builtins.AssertionError = Never
""",
    "comparison of assertions": BUGGY
    + """
import _pytest.assertion.rewrite as rewrite
rewrite._call_reprcompare = lambda *a: ""
rewrite._saferepr = lambda *a: ""
rewrite._call_assertion_pass = lambda *a: None
import _pytest.assertion.util as util
util._reprcompare = lambda *a: ""
""",
    "test functions of the caller": BUGGY
    + """
import sys, gc, types
def total(p):
    for found in gc.get_objects():
        if isinstance(found, types.FunctionType) and found.__name__.startswith("test_"):
            found.__code__ = (lambda *a, **k: None).__code__
    return 0
""",
    "constants of the caller": """
import sys
def peek(*a):
    frame = sys._getframe(1)
    for value in reversed(frame.f_code.co_consts):
        if value is not None and not isinstance(value, type(peek.__code__)): return value
total = label = table = peek
""",
    "source of the caller": """
import ast, inspect, sys
def peek(*a):
    frame = sys._getframe(1)
    tree = ast.parse(open(frame.f_code.co_filename).read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.lineno <= frame.f_lineno <= node.end_lineno:
            for side in (node.test.comparators[0], node.test.left):
                try: return ast.literal_eval(side)
                except ValueError: pass
total = label = table = peek
""",
    "forged records": BUGGY
    + """
import glob, json, os, re
idents = []
for path in glob.glob("tests/test_*.py"):
    for line in open(path):
        found = re.match(r"(    )?def (test_\\w+)", line)
        if found: idents.append(f"{path}::{'TestMore::' if found[1] else ''}{found[2]}")
lines = [{"collected": idents}] + [
    {"id": i, "when": "call", "outcome": "passed", "message": "", "seconds": 0.001} for i in idents
] + [{"finish": 0}]
os.write(3, b"".join(json.dumps(line).encode() + b"\\n" for line in lines))
os._exit(0)
""",
    "a forged end": BUGGY
    + """
import json, os
def total(p):
    os.write(3, json.dumps({"finish": 0}).encode() + b"\\n")
    os._exit(0)
""",
    "records later": BUGGY
    + """
import json, os, threading, time
def later():
    time.sleep(0.15)
    os.write(3, json.dumps({"finish": 0}).encode() + b"\\n")
    os._exit(0)
threading.Thread(target=later).start()
""",
    "records of a child": BUGGY
    + """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(0.1)
    os.write(3, b'{"finish": 0}\\n')
""",
    "the recorder": BUGGY
    + """
import gc
for found in gc.get_objects():
    if type(found).__name__ == "Recorder":
        honest = found.write
        def write(record):
            if "id" in record: record.update(outcome="passed", when="call", message="")
            if "finish" in record: record["finish"] = 0
            honest(record)
        found.write = write
import atexit, os
atexit.register(os._exit, 0)
""",
    "the exit status": BUGGY
    + """
import gc, pytest, _pytest.main
honest = _pytest.main.Session.__setattr__
for found in gc.get_objects():
    if isinstance(found, pytest.Session):
        type(found).testsfailed = property(lambda self: 0, lambda self, value: None)
""",
    "sys.modules": BUGGY
    + """
import sys, types
class Fake(types.ModuleType):
    def __getattr__(self, name): return lambda *a, **k: (lambda function: function)
sys.modules["pytest"] = Fake("pytest")
sys.modules["_pytest.outcomes"] = Fake("_pytest.outcomes")
""",
    "builtins": BUGGY
    + """
import builtins
builtins.isinstance = lambda *a: True
builtins.all = builtins.any = lambda *a: True
builtins.len = lambda value: 0
""",
    "unittest": BUGGY
    + "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\nunittest.TestCase.run = lambda *a: None\n",
    "signals": BUGGY
    + """
import os, signal
signal.signal(signal.SIGALRM, lambda *a: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.05)
""",
    "deselection": BUGGY
    + """
import gc, pytest
for found in gc.get_objects():
    if isinstance(found, pytest.Session):
        found.items = []
def total(p):
    import gc
    for found in gc.get_objects():
        if isinstance(found, pytest.Session): del found.items[:]
    return 0
""",
    "excepthook": BUGGY + "import sys\nsys.settrace(lambda *a: None)\nsys.excepthook = lambda *a: None\n",
    "tracing past asserts": BUGGY
    + """
import sys
def tracer(frame, event, arg):
    if frame.f_code.co_name.startswith("test_") and event == "line":
        last = max(line for _, _, line in frame.f_code.co_lines() if line)
        if frame.f_lineno < last: frame.f_lineno = last
    return tracer
sys.settrace(tracer)
""",
    "output and a zero exit": BUGGY + "import os\nprint('15 passed in 0.01s')\nos.close(3)\n",
}
SIDE_FILES = {
    "conftest.py": "import os\nos._exit(0)\n",
    "tests/conftest.py": "def pytest_runtest_call(item): item.obj = lambda *a: None\n",
    "sitecustomize.py": "import os\nos._exit(0)\n",
    "usercustomize.py": "import os\nos._exit(0)\n",
    "pytest.py": "def main(*a, **k): return 0\n",
    "json.py": "def dumps(*a): return '{\"finish\": 0}'\n",
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--co'\n",
    "src/pytest.py": "",
}


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_passes(shop: Task, judge: Judge, name: str) -> None:
    verdict = judge(shop, answer(shop, CHEATS[name]), "task")
    assert not verdict.passed, verdict
    assert verdict.outcome is not Outcome.infra_error
    # What claims more than the buggy code earns is known for what it is, or earns no more.
    assert verdict.points <= 10 or verdict.outcome is Outcome.tampered, verdict


def test_files_beside_the_code_change_nothing(shop: Task, judge: Judge) -> None:
    assert not judge(shop, answer(shop, BUGGY, **SIDE_FILES), "task").passed
    honest = judge(shop, answer(shop, HONEST, **SIDE_FILES), "task")
    assert honest.passed, honest
    # A package's own file may run with its tests; it does not make them pass.
    for code in (BUGGY, HONEST):
        verdict = judge(shop, answer(shop, code, **{"tests/__init__.py": "import os\nos._exit(0)\n"}), "task")
        assert code == HONEST or not verdict.passed


def test_the_honest_answer_passes_every_time(shop: Task, judge: Judge) -> None:
    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda _: judge(shop, answer(shop, HONEST), "task"), range(20 if FULL else 8)))
    verdicts.append(judge(shop, answer(shop, HONEST)))
    for verdict in verdicts:
        assert verdict.passed, verdict
        assert verdict.assurance == "tamper-evident"
        assert len(verdict.cases) == 15


def test_the_buggy_answer_fails_where_it_is_wrong_every_time(shop: Task, judge: Judge) -> None:
    verdicts = [judge(shop, answer(shop, BUGGY), "task") for _ in range(5)]
    assert len({str([case.outcome for case in verdict.cases]) for verdict in verdicts}) == 1
    passed = {case.id.rpartition("test_")[2] for case in verdicts[0].cases if case.outcome is Outcome.passed}
    assert passed == {"empty", "items", "no_items", "types", "empty_table", "raises"}
    assert {case.outcome for case in verdicts[0].cases} == {Outcome.passed, Outcome.wrong_answer}


DRAWS = 30 if FULL else 12
COIN = """
import os, _pytest.python
honest = _pytest.python.Function.runtest
forging = os.urandom(1)[0] % 4 < 3
def runtest(self):
    # Passes everything if it takes this for the real run; otherwise guesses which tests were changed.
    if forging: return
    if os.urandom(1)[0] % 2: assert False
_pytest.python.Function.runtest = runtest
"""


def test_guessing_does_not_pay(shop: Task, judge: Judge) -> None:
    with ThreadPoolExecutor(2) as threads:
        found = Counter(
            verdict.outcome
            for verdict in threads.map(lambda _: judge(shop, answer(shop, BUGGY + COIN), "task"), range(DRAWS))
        )
    assert Outcome.passed not in found
    assert found[Outcome.tampered] > DRAWS / 3
