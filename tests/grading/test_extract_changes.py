"""Changes that contradict the workspace or each other: refused one by one, the file stays as it was."""

from __future__ import annotations

import pytest

from harness.grading.extract import extract
from harness.types import Extraction, Reply, Task

TASK = Task(
    id="s/t",
    suite="s",
    name="t",
    kind="workspace",
    instruction="",
    editable=("src/*.py",),
    workspace={"src/a.py": "x = 1\n", "src/b.py": "x = 1\n", "LICENSE": "MIT\n"},
)
GOOD = "### src/a.py\n```python\nx = 2\n```\n"
EDIT = "<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n"


def got(reply: str) -> Extraction:
    return extract(TASK, Reply(text=reply))


def diff(text: str) -> str:
    return f"```diff\n{text}```\n"


REFUSED = {
    "a deletion of no file": ("### src/c.py (deleted)\n", "src/c.py: deleted, but there is no such file"),
    "a deletion that is not allowed": ("### LICENSE (deleted)\n", "LICENSE: not editable"),
    "a diff that deletes what it may not": (
        diff("--- a/LICENSE\n+++ /dev/null\n@@ -1 +0,0 @@\n-MIT\n"),
        "LICENSE: not editable",
    ),
    "a diff of no file": (
        diff("--- a/src/c.py\n+++ b/src/c.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"),
        "src/c.py: a change to a file that does not exist",
    ),
    "a diff that does not fit": (
        diff("--- a/src/b.py\n+++ b/src/b.py\n@@ -1 +1 @@\n-x = 7\n+x = 2\n"),
        "src/b.py: hunk 1 does not match the file",
    ),
    "a rename of a file that may not be changed": (
        diff("diff --git a/LICENSE b/src/l.py\nrename from LICENSE\nrename to src/l.py\n"),
        "src/l.py: renamed from LICENSE: not editable",
    ),
    "a rename to where it may not be": (
        diff("diff --git a/src/b.py b/b.py\nrename from src/b.py\nrename to b.py\n"),
        "b.py: not editable",
    ),
    "a rename of no file": (
        diff("diff --git a/src/c.py b/src/d.py\nrename from src/c.py\nrename to src/d.py\n"),
        "src/d.py: a change to a file that does not exist",
    ),
    "a diff that names no file": (diff("@@ -1 +1 @@\n-x = 1\n+x = 2\n"), "(unnamed): a diff that names no file"),
    "an edit of either file": (EDIT, "(unnamed): a SEARCH/REPLACE block that names no file"),
    "an edit that does not fit": (
        f"src/b.py\n{EDIT.replace('x = 1', 'y')}",
        "src/b.py: hunk 1 does not match the file",
    ),
    "an edit without a text to search": (
        "src/b.py\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n",
        "src/b.py: hunk 1 has no line of the file to place it by",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_change_that_cannot_be_made_is_refused_and_the_others_are_taken(case: str) -> None:
    reply, reason = REFUSED[case]
    found = got(f"{reply}\n{GOOD}")
    assert found.rejected == (reason,)
    assert found.candidate is not None
    assert found.candidate.files == {**TASK.workspace, "src/a.py": "x = 2\n"}
    assert got(reply).candidate is None


def test_a_diff_is_applied_to_a_file_as_a_whole_or_not_at_all() -> None:
    found = got(diff("--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n@@ -9 +9 @@\n-no\n+yes\n"))
    assert found.candidate is None
    assert found.rejected == ("src/a.py: hunk 2 does not match the file",)


def test_a_rename_over_a_directory_leaves_both_as_they_were() -> None:
    given = TASK.model_copy(update={"editable": ("**",), "workspace": {"a.py": "x = 1\n", "d/e.py": "y\n"}})
    reply = diff("diff --git a/a.py b/d\nrename from a.py\nrename to d\n")
    found = extract(given, Reply(text=reply))
    assert found.candidate is None
    assert found.rejected == ("d: its path is a directory",)


def test_edits_inside_an_element() -> None:
    found = got(f'<file path="src/a.py">\n{EDIT}</file>')
    assert found.candidate is not None
    assert found.candidate.files["src/a.py"] == "x = 2\n"


def test_an_element_without_a_path_is_no_file() -> None:
    assert got("<file>\nx = 2\n</file>\n").candidate is None


def test_hunks_that_would_search_too_much_are_refused() -> None:
    given = TASK.model_copy(update={"workspace": {"src/a.py": "x\n" * 400_000}})
    hunks = "".join(f"@@ -{n} +{n} @@\n-x\n+y\n" for n in range(1, 40))
    found = extract(given, Reply(text=diff(f"--- a/src/a.py\n+++ b/src/a.py\n{hunks}")))
    assert found.rejected == ("src/a.py: too many changes to large files",)


def test_more_changes_than_anyone_makes_are_refused() -> None:
    found = got(GOOD * 1005)
    assert found.candidate is not None
    assert found.rejected == ("src/a.py: more than 1000 changes",)
