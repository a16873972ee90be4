"""What is taken of what an agent left: declared files only, by value, within limits; and the diff of it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from harness.solvers.agents.container import MOST_FILES, AgentContainer, Listed
from harness.solvers.agents.files import given, take, unified_diff
from harness.types import Task

TASK = Task(
    id="s/t",
    suite="s",
    name="t",
    kind="workspace",
    instruction="x",
    editable=("src/*.py",),
    workspace={"src/a.py": "a = 1\n", "src/b.py": "b = 1\n", "README": "read me\n"},
    visible_tests={"visible_tests/test_a.py": "def test_a(): pass\n"},
)
FUNCTION = Task(
    id="s/f", suite="s", name="f", kind="function", instruction="x", entry="f", signature="def f(x: int) -> int:"
)


class Left:
    """A container whose agent has ended: the supervisor's answers are given, since the host may not trust them."""

    def __init__(
        self, files: Mapping[str, bytes], *, more: bool = False, kinds: Mapping[str, str] | None = None
    ) -> None:
        self.files, self.more, self.kinds = files, more, kinds or {}
        self.asked: list[str] = []

    def listing(self) -> tuple[list[Listed], bool]:
        rows = [
            Listed(
                path=path, kind=self.kinds.get(path, "file"), size=len(data), sha256=hashlib.sha256(data).hexdigest()
            )
            for path, data in self.files.items()
        ]
        return rows, self.more

    def take(self, names: Sequence[str]) -> tuple[dict[str, bytes], dict[str, str]]:
        self.asked += names
        return {name: self.files[name] for name in names}, {}


def as_container(left: Left) -> AgentContainer:
    return cast("AgentContainer", left)


def before(task: Task = TASK) -> dict[str, bytes]:
    return {path: text.encode() for path, text in given(task).items()}


def test_only_declared_changes_are_asked_for() -> None:
    left = Left({**before(), "src/a.py": b"a = 2\n", "src/new.py": b"n = 1\n", "README": b"else\n", "x.py": b""})
    taken = take(TASK, as_container(left))
    assert sorted(left.asked) == ["src/a.py", "src/new.py"]
    assert taken.candidate is not None
    assert taken.candidate.files == {**TASK.workspace, "src/a.py": "a = 2\n", "src/new.py": "n = 1\n"}
    assert taken.left == ("README: changed", "x.py: new")
    assert taken.changed == ("src/a.py", "src/new.py")


def test_nothing_changed_is_no_candidate() -> None:
    taken = take(TASK, as_container(Left(before())))
    assert (taken.candidate, taken.changed, taken.rejected, taken.left) == (None, (), (), ())


def test_a_deleted_file_is_gone_from_the_candidate() -> None:
    files = before()
    del files["src/b.py"], files["README"]
    taken = take(TASK, as_container(Left(files)))
    assert taken.candidate is not None
    assert sorted(taken.candidate.files) == ["README", "src/a.py"]
    assert taken.left == ("README: deleted",)


@pytest.mark.parametrize("kind", ["symbolic link", "FIFO", "hard link", "socket", "device"])
def test_a_declared_file_that_is_none_spoils_the_candidate(kind: str) -> None:
    left = Left({**before(), "src/a.py": b"a = 2\n", "src/l.py": b""}, kinds={"src/l.py": kind})
    taken = take(TASK, as_container(left))
    assert taken.candidate is None
    assert taken.rejected == (f"src/l.py: {kind}",)
    assert left.asked == []


def test_too_many_too_large_or_unlisted_files_are_not_taken() -> None:
    many = {f"src/f{number}.py": b"" for number in range(MOST_FILES + 1)}
    assert take(TASK, as_container(Left({**before(), **many}))).candidate is None
    large = {f"src/f{number}.py": bytes(3 << 20) for number in range(3)}
    assert take(TASK, as_container(Left({**before(), **large}))).candidate is None
    unlisted = take(TASK, as_container(Left({**before(), "src/a.py": b"a = 2\n"}, more=True)))
    assert unlisted.candidate is None
    assert "more than" in unlisted.rejected[0]
    closed = take(TASK, as_container(Left({}, more=True)))
    assert (closed.candidate, closed.rejected) == (None, ("its directory could not be listed",))


def test_bytes_that_are_no_text_are_rejected() -> None:
    taken = take(TASK, as_container(Left({**before(), "src/a.py": b"\xff\xfe"})))
    assert taken.candidate is None
    assert taken.rejected == ("src/a.py: not UTF-8 text",)


def test_the_file_of_a_function_is_the_answer() -> None:
    start = given(FUNCTION)
    assert start == {"solution.py": "def f(x: int) -> int:\n    ...\n"}
    taken = take(FUNCTION, as_container(Left({"solution.py": b"def f(x): return x\n", "test_mine.py": b""})))
    assert taken.candidate is not None
    assert taken.candidate.files == {"solution.py": "def f(x): return x\n"}
    assert taken.left == ("test_mine.py: new",)
    assert take(FUNCTION, as_container(Left({}))).candidate is None


def test_a_diff_names_changed_new_and_deleted_files() -> None:
    diff = unified_diff({"a": "1\n2\n", "b": "x\n", "c": "same\n"}, {"a": "1\n3\n", "c": "same\n", "d": "new\n"})
    assert "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n" in diff
    assert "--- a/b\n+++ /dev/null\n" in diff
    assert "--- /dev/null\n+++ b/d\n" in diff
    assert "same" not in diff


def test_texts_made_to_be_slow_to_compare_are_shown_as_rewritten() -> None:
    words = [f"{number % 97}" for number in range(9700)]
    began = time.process_time()
    diff = unified_diff({"a": "\n".join(words)}, {"a": "\n".join(reversed(words))})
    # Compared line by line this takes minutes.
    assert time.process_time() - began < 20
    assert diff.startswith("--- a/a\n+++ b/a\n@@ -1,9700 +1,9700 @@\n-0\n")
