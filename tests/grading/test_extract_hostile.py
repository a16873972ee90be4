"""What no reply may do: make extraction fail, take long, or put anything into a candidate that is not allowed there."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.grading.extract import candidate_from, extract
from harness.models.reference import rendered
from harness.tasks.globs import matches
from harness.types import Extraction, Kind, Reply, Task
from tests.full import FULL

WORKSPACE = {
    "src/a.py": "x = 1\n",
    "src/b.py": "def f():\n    return 1\n",
    "docs/use.md": "# Use\n",
    "LICENSE": "MIT\n",
}
EDITABLE = ("src/*.py", "docs/**")
KINDS: tuple[Kind, ...] = ("function", "program", "write_tests", "workspace", "conversation")


def task(kind: Kind) -> Task:
    files = {"editable": EDITABLE, "workspace": WORKSPACE} if kind == "workspace" else {}
    entry = "add" if kind == "function" else None
    return Task.model_validate(
        {"id": "s/t", "suite": "s", "name": "t", "kind": kind, "instruction": "", "entry": entry, **files}
    )


TASKS = [task(kind) for kind in KINDS]


def check(found: Extraction, given_task: Task) -> None:
    """What holds for every extraction."""
    found.model_dump_json().encode()
    assert found.choice
    for line in found.rejected:
        line.encode()
    if found.candidate is None:
        return
    for path, text in found.candidate.files.items():
        path.encode()
        text.encode()
        if given_task.kind == "workspace":
            unchanged = given_task.workspace.get(path) == text
            assert unchanged or matches(path, given_task.editable)
            assert not path.startswith("/")
            assert not {"..", ".", ""} & set(path.split("/"))
    if given_task.kind == "workspace":
        gone = given_task.workspace.keys() - found.candidate.files.keys()
        assert all(matches(path, given_task.editable) for path in gone)


FRAGMENTS = st.sampled_from((
    "```", "```python", "```diff", "```md", "````", "~~~", "\n", "\n\n", "    ", "\t", "\r\n", "\ufeff", "\0",
    "\ud800", "\u2028", "\f", ">>> ", "... ", "> ", "- ", "1. ", "<think>", "</think>", "<thinking>",
    "### src/a.py\n", "### src/a.py (deleted)\n", "**src/b.py**", "`docs/use.md`:", "File: ", "LICENSE",
    "../x.py", "src/n.py", "/etc/passwd", "<file path=\"src/n.py\">", "<file path=\"../n.py\">",
    "<file path=\"\">", "</file>", "<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n",
    "diff --git a/src/a.py b/src/a.py\n", "--- a/src/a.py\n", "+++ b/src/a.py\n", "--- /dev/null\n",
    "+++ /dev/null\n", "@@ -1 +1 @@\n", "@@\n", "-x = 1\n", "+x = 2\n", " x = 1\n",
    "\\ No newline at end of file\n", "rename from src/a.py\n", "rename to LICENSE\n", "deleted file mode 1\n",
    "def add(a, b):\n", "    return a + b\n", "def test_a():\n", "    pass\n", "import sys\n", "print(1)\n",
    "x = 1\n", "\"\"\"", "'''", "(", ")", "[", "{", "# c\n", "@d\n", "else:\n", "Sure, here it is:\n", "a",
    "Delete ", "removed ", "\\",
))  # fmt: skip
ANY_TEXT = st.text(st.characters(), max_size=200) | st.text("`~\n #*<>/=+-@ax.\\\"'()", max_size=300)
REPLIES = st.lists(FRAGMENTS | ANY_TEXT, max_size=40).map("".join)
SLOW = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(
    REPLIES,
    st.sampled_from(TASKS),
    st.sampled_from(["", "def add(a, b):\n", "### ", "\ud800"]),
    st.sampled_from(["stop", "length"]),
)
@example("```python\n" + "(" * 500, TASKS[0], "", "stop")
@example("-" * 10_000 + "1", TASKS[0], "def add(a, b):\n", "stop")
@example("def add(): " + "not " * 20_000 + "1", TASKS[0], "", "stop")
@example("\n".join(" " * i + "if 1:" for i in range(110)), TASKS[1], "", "stop")
@example("x = " + "9" * 5000, TASKS[1], "", "stop")
def test_any_reply_has_an_extraction(text: str, given_task: Task, prefix: str, finish: str) -> None:
    check(extract(given_task, Reply.model_construct(text=text, finish_reason=finish), prefix=prefix), given_task)


@SLOW
@given(
    st.none() | REPLIES,
    st.none() | st.dictionaries(FRAGMENTS | ANY_TEXT, REPLIES, max_size=4),
    st.sampled_from(TASKS[:4]),
)
def test_any_given_answer_has_an_extraction(code: str | None, files: dict[str, str] | None, given_task: Task) -> None:
    check(candidate_from(given_task, code, files), given_task)


@SLOW
@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_what_was_extracted_from_a_function_reply_is_extracted_again(text: str) -> None:
    found = extract(TASKS[0], Reply.model_construct(text=text))
    if found.candidate and "it defines `add`" in found.choice:
        (code,) = found.candidate.files.values()
        again = extract(TASKS[0], Reply(text=code))
        assert again.candidate is not None


LINES = st.lists(
    st.sampled_from((
        "x = 1", "", "    y", "```", "````python", "~~~", "# src/a.py", "### src/b.py", "'''", "\"\"\"", "> q",
        "=", "--- a",
    ))
    | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n\ufeff"), max_size=20),
    max_size=12,
)  # fmt: skip
FILE_TEXT = LINES.map(lambda lines: "".join(f"{line}\n" for line in lines))


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["src/a.py", "src/new.py", "docs/use.md", "docs/deep/er.txt"]), FILE_TEXT, min_size=1
    ),
    st.booleans(),
)
def test_files_written_in_the_answer_format_are_read_back(files: dict[str, str], deletes: bool) -> None:
    wanted = {**WORKSPACE, **files}
    if deletes:
        del wanted["src/b.py"]
    if wanted == WORKSPACE:
        return
    found = extract(TASKS[3], Reply(text=rendered(TASKS[3], wanted)))
    assert found.candidate is not None
    assert found.candidate.files == wanted
    assert found.rejected == ()


# What is repeated to some megabytes: each made some parser of ours or of others quadratic, or filled memory.
PATTERNS = (
    "`", "~", "```\n", "```python\n", "```python\n'''\n", "```python\n\"\"\"\n```\n",
    "```markdown\n```python\n", "> ```\n", "- ```\n", "```a```\n", "``` `", " ", "\t", ">", "\n", "\0", "\r",
    "\ufeff", "\ud800", "(", "(\n", "\"\"\"", "'''\n", "x\n", "hello ", "#\n", "# x\n  y\n", "\\\n", "@a\n",
    "else:\n", "a = ", "-", "not ", "def add(\n", "def add(a):\n    return 1\n", "def test_a():\n    pass\n",
    ">>> a\n", "... ", "<think>", "</think>", "<think></think>", "<think>\n", "</think>\n",
    "<file path=\"src/x.py\">\n", "<file path=\"src/x.py\"></file>\n", "<file ", "</file>", "<<<<<<< SEARCH\n",
    "=======\n", ">>>>>>> REPLACE\n", "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
    "--- a/src/a.py\n+++ b/src/a.py\n", "--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 1\n",
    "diff --git a/x b/x\n", "@@\n", "deleted ", "deleted\n", "### src/a.py (deleted)\n", "### src/a.py\n",
    "### src/a.py\n```\nx\n```\n", "**src/a.py**\n", "f'{a}'", "{a}",
)  # fmt: skip
SIZE = (5 if FULL else 2) * 1024 * 1024


@pytest.mark.timeout(120)
@pytest.mark.parametrize("pattern", PATTERNS, ids=ascii)
def test_megabytes_of_anything_are_read_in_linear_time(pattern: str) -> None:
    text = pattern * (SIZE // len(pattern)) + "\n```python\ndef add(a, b):\n    return a + b\n```\n"
    for given_task, prefix in ((TASKS[0], ""), (TASKS[3], "### ")):
        began = time.process_time()
        found = extract(given_task, Reply.model_construct(text=text), prefix=prefix)
        # A quadratic reader would take hours; a loaded machine gets room.
        assert time.process_time() - began < 20
        assert found.choice


def test_code_after_ten_megabytes_of_prose_is_found() -> None:
    text = "So we think about it, and then we think again.\n" * 220_000
    found = extract(TASKS[0], Reply(text=f"{text}\n```python\ndef add(a, b):\n    return a + b\n```\n"))
    assert found.candidate is not None
    assert found.candidate.files == {"solution.py": "def add(a, b):\n    return a + b\n"}
    thought = extract(TASKS[0], Reply(text=f"<think>{text}</think>def add(a, b):\n    return a + b\n"))
    assert thought.candidate == found.candidate


def test_a_large_hunk_in_a_large_file_of_equal_lines_is_placed_in_linear_time() -> None:
    lines = 200_000
    given_task = TASKS[3].model_copy(update={"workspace": {"src/a.py": "a\n" * lines + "b\n"}})
    diff = "--- a/src/a.py\n+++ b/src/a.py\n@@\n" + " a\n" * (lines // 2) + "-b\n+c\n"
    found = extract(given_task, Reply(text=f"```diff\n{diff}```\n"))
    assert found.candidate is not None
    assert found.candidate.files["src/a.py"] == "a\n" * lines + "c\n"


def test_nothing_of_a_reply_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = "print('ran')\ndef add(a, b=print('ran')):\n    return a\nprint('ran')\n"
    for given_task in TASKS:
        extract(given_task, Reply(text=text))
        extract(given_task, Reply(text=f"```python\n{text}```"), prefix=text)
    assert capsys.readouterr().out == ""
