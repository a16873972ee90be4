"""How replies to workspace tasks are read: how files are named, and which of them are taken."""

from __future__ import annotations

import pytest

from harness.grading.extract import extract
from harness.types import Extraction, Reply, Task

Q = "```"
A = "x = 1\n"
B = "def f():\n    return 1\n"
WORKSPACE = {"src/a.py": A, "src/b.py": B, "README.md": "# Shop\n", "src/__init__.py": "", "Makefile": "all:\n"}
NEW = "x = 2\n"


def task(*editable: str, workspace: dict[str, str] | None = None) -> Task:
    return Task(
        id="s/t",
        suite="s",
        name="t",
        kind="workspace",
        instruction="",
        editable=editable or ("src/*.py", "README.md"),
        workspace=WORKSPACE if workspace is None else workspace,
    )


def changes(found: Extraction, given: Task | None = None) -> dict[str, str | None]:
    """path -> new content, None for a deleted file; every other file must be as it was."""
    before = (given or task()).workspace
    after = found.candidate.files if found.candidate else before
    written: dict[str, str | None] = {path: text for path, text in after.items() if before.get(path) != text}
    return written | {path: None for path in before if path not in after}


def edited(search: str, replacement: str) -> str:
    return f"<<<<<<< SEARCH\n{search}=======\n{replacement}>>>>>>> REPLACE\n"


EDIT = edited(A, NEW)
DIFF = "--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


def block(text: str = NEW, info: str = "python") -> str:
    return f"{Q}{info}\n{text}{Q}\n"


NAMED = {
    "a heading": f"### src/a.py\n{block()}",
    "a heading, a blank line": f"### src/a.py\n\n{block()}",
    "a heading in backticks": f"## `src/a.py`\n{block()}",
    "a heading with a number": f"### 1. `src/a.py`\n{block()}",
    "a heading with File": f"#### File: src/a.py\n{block()}",
    "bold": f"**src/a.py**\n{block()}",
    "bold with a colon": f"**src/a.py:**\n{block()}",
    "bold backticks": f"**`src/a.py`**\n{block()}",
    "a numbered bold line": f"1. **src/a.py**:\n\n{block()}",
    "backticks": f"`src/a.py`\n{block()}",
    "File:": f"File: src/a.py\n{block()}",
    "Filename: in backticks": f"Filename: `src/a.py`\n{block()}",
    "the path alone": f"src/a.py\n{block()}",
    "the path and a colon": f"src/a.py:\n{block()}",
    "the path with ./": f"### ./src/a.py\n{block()}",
    "updated in brackets": f"### src/a.py (updated)\n{block()}",
    "new content of": f"New content of src/a.py:\n{block()}",
    "prose below the heading": f"### src/a.py\n\nThe constant is two now.\n\n{block()}",
    "a sentence": f"Here is the new `src/a.py`:\n\n{block()}",
    "a comment in the block": block(f"# src/a.py\n{NEW}"),
    "a File comment in the block": block(f"# File: src/a.py\n{NEW}"),
    "a slash comment in the block": block(f"// src/a.py\n{NEW}"),
    "the path after the label": block(info="python src/a.py"),
    "a title": block(info='python title="src/a.py"'),
    "a filename without quotes": block(info="python filename=src/a.py"),
    "label:path": block(info="python:src/a.py"),
    "the path as label": block(info="src/a.py"),
    "attributes": block(info='{.python file="src/a.py"}'),
    "an element": f'<file path="src/a.py">\n{NEW}</file>\n',
    "an element in one line": '<file path="src/a.py">x = 2</file>',
    "an element in single quotes": f"<file name='src/a.py'>\n{NEW}</file>",
    "an element around a fence": f'<file path="src/a.py">\n{block()}</file>',
    "a fence around an element": f'{Q}xml\n<file path="src/a.py">\n{NEW}</file>\n{Q}\nDone.',
    "an element without end": f'<file path="src/a.py">\n{NEW}',
    "unlabelled fence": f"### src/a.py\n{block(info='')}",
    "tildes": f"### src/a.py\n~~~\n{NEW}~~~\n",
    "unclosed": f"### src/a.py\n{Q}python\n{NEW}",
    "CRLF": f"### src/a.py\r\n{Q}python\r\nx = 2\r\n{Q}\r\n",
    "thinking before": f"<think>\n### src/b.py\n{block()}</think>\n### src/a.py\n{block()}",
    "shell after it": f"### src/a.py\n{block()}\nChanged:\n- src/a.py\n\n{block('pytest', 'bash')}",
    "twice, the last counts": f"### src/a.py\n{block(A)}\nBetter:\n\n### src/a.py\n{block()}",
    "an edit": f"src/a.py\n{Q}python\n{EDIT}{Q}\n",
    "an edit without a fence": f"### src/a.py\n{EDIT}",
    "an edit, its path in the fence": f"{Q}python\nsrc/a.py\n{EDIT}{Q}\n",
    "an edit, its path in the label": f"{Q}python src/a.py\n{EDIT}{Q}\n",
    "an edit that names no file": EDIT,
    "a git diff": block(
        f"diff --git a/src/a.py b/src/a.py\nindex 1..2 100644\n{DIFF}",
        "diff",
    ),
    "a plain diff": block("--- src/a.py\n+++ src/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n", "diff"),
    "a dated diff": block("--- src/a.py\t2024-01-01\n+++ src/a.py\t2024-01-02\n@@ -1 +1 @@\n-x = 1\n+x = 2\n", "patch"),
    "a diff without a label": block(DIFF, ""),
    "a diff under a heading": "### src/a.py\n" + block("@@ -1 +1 @@\n-x = 1\n+x = 2\n", "diff"),
    "a diff without a fence": f"Apply this:\n\n{DIFF}\nIt sets x.\n",
}


@pytest.mark.parametrize("shape", NAMED)
def test_a_file_is_found_however_it_is_named(shape: str) -> None:
    found = extract(task(), Reply(text=NAMED[shape]))
    assert changes(found) == {"src/a.py": NEW}
    assert found.rejected == ()


SEVERAL: dict[str, tuple[str, dict[str, str | None]]] = {
    "two files": (f"### src/a.py\n{block()}\n### src/c.py\n{block(B)}", {"src/a.py": NEW, "src/c.py": B}),
    "two elements": (
        f'<file path="src/a.py">\n{NEW}</file>\n<file path="src/c.py">\n{B}</file>',
        {"src/a.py": NEW, "src/c.py": B},
    ),
    "an element and a block": (
        f'<file path="src/a.py">\n{NEW}</file>\n\n### src/c.py\n{block(B)}',
        {"src/a.py": NEW, "src/c.py": B},
    ),
    "deleted in brackets": (f"### src/a.py\n{block()}\n### src/b.py (deleted)\n", {"src/a.py": NEW, "src/b.py": None}),
    "deleted, an empty block below": (f"### src/b.py (deleted)\n{block('')}", {"src/b.py": None}),
    "Deleted:": ("Deleted: `src/b.py`\n", {"src/b.py": None}),
    "Delete file": ("- Delete file src/b.py\n", {"src/b.py": None}),
    "bold, deleted": ("**src/b.py** (deleted)\n", {"src/b.py": None}),
    "an element that deletes": ('<file path="src/b.py" action="delete"></file>', {"src/b.py": None}),
    "a diff that deletes": (
        block("--- a/src/b.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-def f():\n-    return 1\n", "diff"),
        {"src/b.py": None},
    ),
    "a diff that creates": (
        block("--- /dev/null\n+++ b/src/c.py\n@@ -0,0 +1,2 @@\n+a = 1\n+b = 2\n", "diff"),
        {"src/c.py": "a = 1\nb = 2\n"},
    ),
    "a diff that renames": (
        block(
            "diff --git a/src/a.py b/src/c.py\nsimilarity index 100%\nrename from src/a.py\nrename to src/c.py\n",
            "diff",
        ),
        {"src/a.py": None, "src/c.py": A},
    ),
    "a diff of two files": (
        block(
            f"{DIFF}--- a/src/b.py\n+++ b/src/b.py\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 2\n", "diff"
        ),
        {"src/a.py": NEW, "src/b.py": "def f():\n    return 2\n"},
    ),
    "a diff of two files without a fence": (
        f"diff --git a/src/a.py b/src/a.py\n{DIFF}diff --git a/src/b.py b/src/b.py\ndeleted file mode 100644\n",
        {"src/a.py": NEW, "src/b.py": None},
    ),
    "edits in one fence": (
        f"src/b.py\n{Q}python\n" + edited("def f():\n", "def g():\n") + "\n" + edited("    return 1\n", "") + f"{Q}\n",
        {"src/b.py": "def g():\n"},
    ),
    "an edit makes a file": ("src/c.py\n<<<<<<< SEARCH\n=======\nx = 2\n>>>>>>> REPLACE\n", {"src/c.py": NEW}),
    "an edit, then a whole file": (
        f"src/a.py\n{Q}\n{EDIT}{Q}\n\n### src/b.py\n{block('')}",
        {"src/a.py": NEW, "src/b.py": ""},
    ),
    "a whole file, then an edit of it": (
        "### src/a.py\n" + block("x = 5\n") + "\n### src/a.py\n" + edited("x = 5\n", NEW),
        {"src/a.py": NEW},
    ),
    "fences in a Markdown file": (
        f"### README.md\n{Q}markdown\n# Shop\n\n{Q}bash\nmake\n{Q}\n\nEnd\n{Q}\n\n### src/a.py\n{block()}",
        {"README.md": f"# Shop\n\n{Q}bash\nmake\n{Q}\n\nEnd\n", "src/a.py": NEW},
    ),
    "a longer fence": (f"### README.md\n{Q}`\n{Q}\nmake\n{Q}\n{Q}`\n", {"README.md": f"{Q}\nmake\n{Q}\n"}),
    "the heading wins over a comment": (f"### src/a.py\n{block('# src/b.py' + chr(10))}", {"src/a.py": "# src/b.py\n"}),
    "the path comment was there before": (block("# src/c.py\nx = 2\n"), {"src/c.py": NEW}),
}


@pytest.mark.parametrize("shape", SEVERAL)
def test_several_files_and_deletions(shape: str) -> None:
    reply, expected = SEVERAL[shape]
    found = extract(task(), Reply(text=reply))
    assert changes(found) == expected
    assert found.rejected == ()


def test_a_path_comment_that_the_file_has_anyway_stays() -> None:
    given = task(workspace={"src/a.py": "# src/a.py\nx = 1\n"})
    found = extract(given, Reply(text=block("# src/a.py\nx = 2\n")))
    assert changes(found, given) == {"src/a.py": "# src/a.py\nx = 2\n"}


REFUSED = {
    "Makefile": "Makefile: not editable",
    "tests/test_a.py": "tests/test_a.py: not editable",
    "src/deep/a.py": "src/deep/a.py: not editable",
    "/etc/passwd.py": "/etc/passwd.py: not a relative path",
    "~/a.py": "~/a.py: not a relative path",
    "C:/a.py": "C:/a.py: not a relative path",
    "../a.py": "../a.py: a path with '..'",
    "src/../../a.py": "src/../../a.py: a path with '..'",
    "src\\a.py": "src\\a.py: a backslash in the path",
    "src//a.py": "src//a.py: an odd component in the path",
    "src/./a.py": "src/./a.py: an odd component in the path",
    "src/ a.py": "src/ a.py: an odd component in the path",
    "src/\0a.py": "src/\\x00a.py: a NUL in the path",
    "src/a\x07.py": "src/a\\x07.py: an odd component in the path",
    "src/": "src/: an odd component in the path",
    "": ": an empty path",
    ".git/hooks.py": ".git/hooks.py: .git is never part of an answer",
    "src/" + "a" * 300 + ".py": "src/" + "a" * 113 + "...: a path longer than 255 bytes",
}


@pytest.mark.parametrize("path", REFUSED)
def test_a_file_that_may_not_be_changed_is_refused_with_the_reason(path: str) -> None:
    found = extract(task(), Reply(text=f'<file path="{path}">\n{NEW}</file>\n### src/a.py\n{block()}'))
    assert changes(found) == {"src/a.py": NEW}
    assert found.rejected == (REFUSED[path],)


def test_nothing_but_refused_files_is_no_candidate() -> None:
    found = extract(task(), Reply(text=f"### Makefile\n{block()}"))
    assert found.candidate is None
    assert found.choice == "no change that could be taken"
    assert found.rejected == ("Makefile: not editable",)


@pytest.mark.parametrize(
    "reply, reason",
    [
        ("I changed it as you said.", "no file in the reply"),
        (f"{block()}\nand\n{block(B)}", "no block says which file it is"),
        (block("pytest", "bash"), "no file in the reply"),
        ("", "an empty reply"),
    ],
)
def test_no_file_says_why(reply: str, reason: str) -> None:
    found = extract(task(), Reply(text=reply))
    assert found.candidate is None
    assert found.choice == reason


@pytest.mark.parametrize("reply", [block("def f():\n    return 2\n"), "def f():\n    return 2\n"])
def test_without_a_name_it_is_the_only_editable_file(reply: str) -> None:
    given = task("src/b.py")
    found = extract(given, Reply(text=reply))
    assert changes(found, given) == {"src/b.py": "def f():\n    return 2\n"}
    assert found.choice.startswith("no file is named; taken as src/b.py, the only editable file")


def test_without_a_name_it_is_the_only_file_that_may_be_made() -> None:
    given = task("out.py", workspace={"in.txt": "1\n"})
    assert changes(extract(given, Reply(text=block())), given) == {"out.py": NEW}


def test_a_file_cannot_be_a_directory_too() -> None:
    given = task("**")
    found = extract(
        given, Reply(text='<file path="src/a.py/b.py">\n</file><file path="z">1</file>\n<file path="src">\n</file>')
    )
    assert found.rejected == ("src/a.py/b.py: a directory of its path is a file", "src: its path is a directory")


def test_too_many_and_too_large_files_are_refused() -> None:
    many = "".join(f'<file path="src/f{i}.py">\nx\n</file>\n' for i in range(203))
    found = extract(task(), Reply(text=many))
    assert len(changes(found)) == 200
    assert found.rejected == tuple(f"src/f{i}.py: more than 200 files" for i in (200, 201, 202))
    large = extract(task(), Reply(text=f"### src/a.py\n{block('x' * 1024 * 1024 + chr(10))}"))
    assert large.rejected == ("src/a.py: larger than 1024 KiB",)
    together = "".join(f'<file path="src/f{i}.py">\n{"x" * 1000 * 1000}\n</file>\n' for i in range(9))
    assert extract(task(), Reply(text=together)).rejected == (
        "src/f8.py: the changed files together are larger than 8192 KiB",
    )


def test_many_refusals_are_counted_not_listed() -> None:
    found = extract(task(), Reply(text="".join(f'<file path="/{i}.py">\n</file>\n' for i in range(900))))
    assert len(found.rejected) == 201
    assert found.rejected[-1] == "and 700 more"


def test_the_choice_lists_the_files() -> None:
    found = extract(task(), Reply(text=f"### src/a.py\n{block()}\n### src/b.py (deleted)\n\nUse:\n{block('f()')}"))
    assert found.choice == "2 files changed: src/a.py, src/b.py (deleted); 1 block without a file name left out"


def test_a_completion_prefix_is_part_of_the_answer() -> None:
    found = extract(task(), Reply(text=f"src/a.py\n{block()}"), prefix="### ")
    assert changes(found) == {"src/a.py": NEW}
