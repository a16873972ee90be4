"""How replies to program, write_tests and conversation tasks are read, and replies that continue a code prefix."""

from __future__ import annotations

import pytest

from harness.grading.extract import extract
from harness.types import Extraction, Kind, Reply, Task

Q = "```"
SCRIPT = "import sys\n\nfor line in sys.stdin:\n    print(line.upper(), end='')\n"
TEST_A = "def test_a():\n    assert f(1) == 1\n"
TEST_B = "def test_b():\n    assert f(2) == 2\n"


def task(kind: Kind, **fields: str) -> Task:
    return Task(id="s/t", suite="s", name="t", kind=kind, instruction="", **fields)


def py(text: str) -> str:
    return f"{Q}python\n{text}{Q}\n"


def code(found: Extraction) -> str | None:
    return next(iter(found.candidate.files.values())) if found.candidate else None


PROGRAMS: dict[str, tuple[str, str | None]] = {
    "bare": (SCRIPT, SCRIPT),
    "bare, prose around": (f"Here is the script.\n\n{SCRIPT}\nIt reads standard input.", SCRIPT),
    "fenced": (f"{Q}python\n{SCRIPT}{Q}\n", SCRIPT),
    "the largest block": (f"{Q}python\nprint('x')\n{Q}\n{Q}python\n{SCRIPT}{Q}\n{Q}python\nprint('y')\n{Q}\n", SCRIPT),
    "the last of equals": (f"{Q}python\nprint('x')\n{Q}\nor\n{Q}python\nprint('y')\n{Q}\n", "print('y')\n"),
    "how to run it": (
        f"{Q}python\n{SCRIPT}{Q}\nRun it:\n{Q}bash\npython solution.py < in.txt > out.txt\n{Q}\n",
        SCRIPT,
    ),
    "a long sample output": (f"{Q}python\nprint('x')\n{Q}\nprints\n{Q}\n{'x y z' * 50}\n{Q}\n", "print('x')\n"),
    "an output that parses": (f"{Q}python\nprint(123)\n{Q}\nprints\n{Q}\n123\n1234567890123456\n{Q}\n", "print(123)\n"),
    "a helper module in a block before": (
        py("def up(x):\n    return x.upper()\n") + py("import sys\n\nprint(up(sys.stdin.read()))\n"),
        "def up(x):\n    return x.upper()\nimport sys\n\nprint(up(sys.stdin.read()))\n",
    ),
    "a broken script beside an aside": (
        f"{Q}python\n{SCRIPT}print(\n{Q}\ne.g.\n{Q}python\nprint(1)\n{Q}\n",
        f"{SCRIPT}print(\n",
    ),
    "a broken script, bare": ("import sys\nfor line in sys.stdin\n    print(line)\n",) * 2,
    "words": ("I cannot do that.", None),
    "words that parse": ("Sorry", None),
    "only shell": (f"{Q}bash\nsort in.txt\n{Q}\n", None),
    "only text that parses": (f"{Q}text\nx = 1\n{Q}\n", None),
}


@pytest.mark.parametrize("shape", PROGRAMS)
def test_the_script_in_a_reply(shape: str) -> None:
    reply, expected = PROGRAMS[shape]
    assert code(extract(task("program"), Reply(text=reply))) == expected


def test_the_script_becomes_the_file_the_task_names() -> None:
    found = extract(task("program", solution="report.py"), Reply(text=SCRIPT))
    assert found.candidate is not None
    assert found.candidate.files == {"report.py": SCRIPT}


TESTS: dict[str, tuple[str, str | None]] = {
    "bare": (TEST_A, TEST_A),
    "bare, prose around": (f"Here you go:\n\n{TEST_A}\nThat is all.", TEST_A),
    "fenced": (py(TEST_A), TEST_A),
    "the implementation repeated": (
        py("def f(x):\n    return x\n") + py(f"from m import f\n{TEST_A}"),
        f"from m import f\n{TEST_A}",
    ),
    "a class": (
        py("class TestF:\n    def test_a(self):\n        pass\n"),
        "class TestF:\n    def test_a(self):\n        pass\n",
    ),
    "several blocks": (py(f"import m\n{TEST_A}") + "and\n" + py(TEST_B), f"import m\n{TEST_A}{TEST_B}"),
    "a second version": (py(TEST_A) + "better:\n" + py(f"# 2\n{TEST_A}{TEST_B}"), f"# 2\n{TEST_A}{TEST_B}"),
    "a fixture in a block of its own": (
        py("import pytest\n") + py(f"@pytest.fixture\ndef x():\n    return 1\n\n{TEST_A}"),
        f"import pytest\n@pytest.fixture\ndef x():\n    return 1\n\n{TEST_A}",
    ),
    "broken": (py("def test_a(:\n"), "def test_a(:\n"),
    "no test in it": (py("def check():\n    pass\n"), "def check():\n    pass\n"),
    "words": ("No.", None),
}


@pytest.mark.parametrize("shape", TESTS)
def test_the_tests_in_a_reply(shape: str) -> None:
    reply, expected = TESTS[shape]
    assert code(extract(task("write_tests"), Reply(text=reply))) == expected


def test_a_conversation_is_the_reply_without_thinking() -> None:
    found = extract(task("conversation"), Reply(text="<think>hm</think>\nUse a `dict`."))
    assert code(found) == "Use a `dict`.\n"
    assert found.thinking
    assert (found.fenced, found.blocks) == (False, 0)


def test_fences_in_a_conversation_are_seen() -> None:
    found = extract(task("conversation"), Reply(text="Like this:\n```\na\n```\nor\n```\nb\n```\n"))
    assert (found.fenced, found.blocks) == (True, 2)
    assert code(found) == "Like this:\n```\na\n```\nor\n```\nb\n```\n"


DEF = "def add(a, b):\n"
BODY = "    return a + b\n"
CONTINUED: dict[str, tuple[str, str, str | None]] = {
    "the body": (DEF, BODY, DEF + BODY),
    "no line break at the end": (DEF, BODY.rstrip(), DEF + BODY),
    "the prefix has no line break": (DEF.rstrip(), f"\n{BODY}", DEF + BODY),
    "no line break in either": (DEF.rstrip(), "    c = a\n    return c + b\n", f"{DEF}    c = a\n    return c + b\n"),
    "on the line of the prefix": (DEF.rstrip(), " return a + b\n", f"{DEF[:-1]} return a + b\n"),
    "nothing before the body": (DEF.rstrip(), "c = a\n    return c + b\n", f"{DEF}    c = a\n    return c + b\n"),
    "a one-line body alone": (DEF.rstrip(), "return a + b", f"{DEF[:-1]}return a + b\n"),
    "a blank line first": (DEF, f"\n{BODY}", f"{DEF}\n{BODY}"),
    "with CRLF": (DEF, "    c = a\r\n    return c + b\r\n", f"{DEF}    c = a\n    return c + b\n"),
    "only the name given": ("def add(", f"a, b):\n{BODY}", DEF + BODY),
    "a docstring in the prefix": (f'{DEF}    """Add."""\n', BODY, f'{DEF}    """Add."""\n{BODY}'),
    "imports before the prefix": (f"import math\n\n{DEF}", BODY, f"import math\n\n{DEF}{BODY}"),
    "the next function": (DEF, f"{BODY}\n\ndef sub(a, b):\n    return a - b\n", DEF + BODY),
    "the same function again": (DEF, f"{BODY}\n{DEF}    return 0\n", DEF + BODY),
    "a helper it needs": (
        DEF,
        "    return plus(a, b)\n\ndef plus(a, b):\n    return a + b\n\ndef sub(a, b):\n    return a - b\n",
        f"{DEF}    return plus(a, b)\n\ndef plus(a, b):\n    return a + b\n",
    ),
    "a use": (DEF, f"{BODY}\nprint(add(1, 2))\n", DEF + BODY),
    "the next task": (DEF, f"{BODY}\n\n# Write a Python function `sub`\ndef sub(a", DEF + BODY),
    "prose after it": (DEF, f"{BODY}\nThis function adds.\n", DEF + BODY),
    "a closing fence": (DEF, f"{BODY}{Q}\n\nDone.\n", DEF + BODY),
    "cut off in a statement": (DEF, "    c = a\n    if c:\n        return c +", f"{DEF}    c = a\n"),
    "the first indentation lost": (DEF, "c = a\n    return c + b\n", f"{DEF}    c = a\n    return c + b\n"),
    "all indentation lost": (DEF, "c = a\nreturn c + b\n", f"{DEF}    c = a\n    return c + b\n"),
    "started over in a fence": (DEF, f"{Q}python\n{DEF}{BODY}{Q}\n", DEF + BODY),
    "started over, bare": (DEF, DEF + BODY, DEF + BODY),
    "started over after words": (DEF, f"Here it is!\n\n{DEF}{BODY}", DEF + BODY),
    "thinking first": (DEF, f"<think>\nhm\n</think>\n{DEF}{BODY}", DEF + BODY),
    "prose": (DEF, "I do not know how to do this one.", None),
    "only a comment": (DEF, "    # add them\n", None),
    "blank": (DEF, "\n\n", None),
}


@pytest.mark.parametrize("shape", CONTINUED)
def test_the_continuation_of_a_prefix(shape: str) -> None:
    prefix, reply, expected = CONTINUED[shape]
    assert code(extract(task("function", entry="add"), Reply(text=reply), prefix=prefix)) == expected


def test_a_continuation_cut_off_before_it_parses_is_taken_as_it_is() -> None:
    found = extract(task("function", entry="add"), Reply(text="    return (a +", finish_reason="length"), prefix=DEF)
    assert code(found) == f"{DEF}    return (a +\n"
    assert "cut off at its token limit" in found.choice


def test_a_prefix_of_a_program_is_no_part_of_it() -> None:
    assert code(extract(task("program"), Reply(text=SCRIPT), prefix="")) == SCRIPT
