"""A directory becomes a Task: what each kind reads, defaults of a suite, ids, hashes, and which tasks are chosen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cli.new import TEMPLATES
from harness.errors import TaskError, UsageError
from harness.tasks import chosen, load, load_tasks, open_suite
from harness.tasks.paths import TaskPaths
from harness.types import CallCase, Limits, MutantCase, Outcome, ProgramCase, PytestCase, Raises


def make(root: Path, kind: str = "function", **files: str) -> Path:
    """A task of the template; `files` by name with dots as in `task_yaml`."""
    shutil.copytree(TEMPLATES / kind, root)
    for name, text in files.items():
        (root / name.replace("_", ".")).write_text(text)
    return root


def test_function(tmp_path: Path) -> None:
    task = load(make(tmp_path / "suite" / "clamp")).tasks[0]
    assert (task.id, task.suite, task.name) == ("suite/clamp", "suite", "clamp")
    assert (task.kind, task.entry, task.select_on) == ("function", "clamp", "visible")
    assert task.limits == Limits()
    assert task.points == 6
    case = task.cases[-1]
    assert isinstance(case, CallCase)
    assert (case.args, case.source, case.points) == ((1, 3, 2), "clamp(1, 3, 2)", 2)
    assert case.expect == Raises(type_name="ValueError", message="empty range")
    assert [answer.name for answer in task.flawed] == ["unchecked"]
    assert task.reference is not None
    assert list(task.reference.files) == ["solution.py"]


def test_program(tmp_path: Path) -> None:
    cases = "- argv: [--top, 010, yes, 1.50, ~, 'a b']\n  stdin: x\n- stdin: y\n  writes: {'out/a.txt': \"1\\n\"}\n"
    task = load(make(tmp_path / "s" / "t", "program", cases_yaml=cases)).tasks[0]
    first, second = task.cases
    assert isinstance(first, ProgramCase)
    assert first.argv == ("--top", "010", "yes", "1.50", "~", "a b"), "letter by letter, whatever YAML makes of them"
    assert isinstance(second, ProgramCase)
    assert second.writes == {"out/a.txt": "1\n"}
    assert task.select_on == "vote", "nothing is visible"


def test_write_tests(tmp_path: Path) -> None:
    task = load(make(tmp_path / "s" / "t", "write_tests")).tasks[0]
    assert [(case.id, case.visible) for case in task.cases] == [
        ("good", True),
        ("bad/keeps_item", False),
        ("bad/pops_first", False),
    ]
    assert all(isinstance(case, MutantCase) and list(case.files) == ["stack.py"] for case in task.cases)
    assert task.solution == "test_stack.py"


def test_workspace(tmp_path: Path) -> None:
    root = make(tmp_path / "s" / "t", "workspace")
    (root / "reference" / "_delete").write_text("src/__init__.py\n")
    (root / "tests" / "test_more.py").write_text(
        "import pytest\n\nclass TestShop:\n    def test_a(self): ...\n    def helper(self): ...\n\n"
        "@pytest.mark.parametrize('x', [1, 2])\ndef test_b(x): ...\n"
    )
    (root / "tests" / "odd_test.py").write_text(
        "import unittest\n\nclass OddCase(unittest.TestCase):\n    def test_odd(self): ...\n"
    )
    (root / "tests" / "helpers.py").write_text("def test_helper(): ...\n")
    (root / "workspace" / "dos.txt").write_bytes(b"a\r\nb\r\n")
    task = load(root).tasks[0]
    ids = [case.id for case in task.cases if isinstance(case, PytestCase) and not case.visible]
    assert ids[0] == "tests/odd_test.py::OddCase::test_odd"
    assert not any(ident.startswith("tests/helpers.py") for ident in ids)
    assert ids[-2:] == ["tests/test_more.py::TestShop::test_a", "tests/test_more.py::test_b"]
    assert [case.visible for case in task.cases] == [True] + [False] * len(ids)
    assert task.workspace["dos.txt"] == "a\r\nb\r\n", "byte for byte"
    assert task.reference is not None
    assert sorted(task.reference.files) == ["dos.txt", "src/shop.py"]
    assert {(answer.name, answer.cheat) for answer in task.flawed} == {
        ("charges_empty_orders", False),
        ("equals_everything", True),
    }
    assert "_why.yaml" not in task.flawed[0].files


def test_headers_of_wrong_answers(tmp_path: Path) -> None:
    root = make(tmp_path / "s" / "t")
    text = "# fails: a, b*\n#outcome:timeout\n#  why: it: waits\n# fails: not this\ndef clamp(): ...\n# why: nor this\n"
    (root / "wrong" / "unchecked.py").write_text(text)
    answer = load(root).tasks[0].flawed[0]
    assert (answer.outcome, answer.why) == (Outcome.timeout, "it: waits")
    assert answer.files == {"solution.py": text}


def test_defaults_of_a_suite(tmp_path: Path) -> None:
    suite = tmp_path / "suite"
    make(suite / "a")
    make(
        suite / "b",
        task_yaml="entry: clamp\nlimits: {memory_mb: 64}\ncategory: own\ntags: []\nselect_on: vote\nfeedback: none\n",
    )
    (suite / "suite.yaml").write_text(
        "title: All\ndefaults:\n  feedback: hidden\n"
        "  kind: function\n  category: given\n  tags: [x]\n  limits: {timeout_s: 3, memory_mb: 99}\n"
    )
    (suite / ".hidden").mkdir()
    (suite / "notes").mkdir()
    found = load(suite)
    a, b = found.tasks
    assert found.title == "All"
    assert (a.category, a.tags, a.limits) == ("general", ("x",), Limits(timeout_s=3, memory_mb=99))
    assert (b.category, b.tags, b.limits) == ("own", (), Limits(timeout_s=3, memory_mb=64))
    assert (a.feedback, b.feedback) == ("hidden", "none")
    assert (b.title, b.select_on) == ("b", "vote")
    assert load(suite / "b").tasks == (b,), "alone it is the same task"


def test_a_directory_that_lost_its_task_yaml_is_not_passed_over(tmp_path: Path) -> None:
    make(tmp_path / "s" / "a")
    stray = make(tmp_path / "s" / "b")
    (stray / "task.yaml").rename(stray / "task.yml")
    assert open_suite(tmp_path / "s").folders == [tmp_path / "s" / "a", stray]
    with pytest.raises(UsageError, match=r"b/task\.yaml: this file is missing"):
        load(tmp_path / "s")


@pytest.mark.parametrize("name", ["with space", "größe-日本", "a[1]*?", "-dash", "a,b", "..."])
def test_names_are_ids(name: str, tmp_path: Path) -> None:
    make(tmp_path / "s" / name)
    make(tmp_path / "s" / "other")
    (task,) = load_tasks([tmp_path / "s"], [name]) if not name.startswith(".") else load(tmp_path / "s" / name).tasks
    assert task.id == f"s/{name}"


def test_which_tasks_are_chosen(tmp_path: Path) -> None:
    for name in ("a1", "a2", "b1"):
        make(tmp_path / "s" / name)
    here = [tmp_path / "s"]
    assert [task.name for task in load_tasks(here)] == ["a1", "a2", "b1"]
    assert [task.name for task in load_tasks(here, ["b*", "s/a2"])] == ["a2", "b1"]
    assert [task.name for task in load_tasks([*here, *here, here[0] / "a1"])] == ["a1", "a2", "b1"]
    with pytest.raises(UsageError, match="no task matches c") as caught:
        load_tasks(here, ["a*", "c"])
    assert "s/a1, s/a2, s/b1" in caught.value.remedy
    assert chosen([], []) == []


def test_a_broken_task_is_nobodys_trouble_but_of_those_who_ask_for_it(tmp_path: Path) -> None:
    make(tmp_path / "s" / "good")
    make(tmp_path / "s" / "bad", task_yaml="kind: riddle\n")
    assert [task.name for task in load_tasks([tmp_path / "s"], ["g*"])] == ["good"]
    for globs in ([], ["bad"], ["*d"]):
        with pytest.raises(TaskError, match="no kind 'riddle'"):
            load_tasks([tmp_path / "s"], globs)


def test_two_suites_of_one_name(tmp_path: Path) -> None:
    for side in ("left", "right"):
        make(tmp_path / side / "s" / "t")
    with pytest.raises(UsageError, match="two tasks are called s/t") as caught:
        load_tasks([tmp_path / "left" / "s", tmp_path / "right" / "s"])
    assert "left" in str(caught.value)
    assert "right" in str(caught.value)


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    first, second = make(tmp_path / "s" / "a"), make(tmp_path / "elsewhere" / "s" / "a")
    assert load(first).tasks[0].content_hash == load(second).tasks[0].content_hash
    (second / "__pycache__").mkdir()
    (second / "__pycache__" / "x.pyc").touch()
    assert load(first).tasks[0].content_hash == load(second).tasks[0].content_hash


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_hash_changes_with_any_byte(data: st.DataObject, tmp_path: Path) -> None:
    root = tmp_path / "t"
    if not root.exists():
        make(root, "workspace")
    before = TaskPaths(root).content_hash()
    path = data.draw(st.sampled_from(sorted(item for item in root.rglob("*") if item.is_file())))
    old = path.read_bytes()
    where = data.draw(st.integers(0, len(old)))
    new = old[:where] + data.draw(st.binary(min_size=1, max_size=3)) + old[where + data.draw(st.integers(0, 3)) :]
    path.write_bytes(new)
    assert (TaskPaths(root).content_hash() == before) == (new == old)
    path.write_bytes(old)
    path.rename(path.with_name("renamed"))
    assert TaskPaths(root).content_hash() != before
    path.with_name("renamed").rename(path)
    assert TaskPaths(root).content_hash() == before
