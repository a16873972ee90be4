"""How replies to function tasks are read: a corpus of reply shapes and the exact candidate in each."""

from __future__ import annotations

import pytest

from harness.grading.extract import extract
from harness.types import Extraction, Reply, Task

TASK = Task(id="s/add", suite="s", name="add", kind="function", instruction="", entry="add")
ADD = "def add(a, b):\n    return a + b\n"
OLD = "def add(a, b):\n    return a - b\n"
STUB = 'def add(a, b):\n    """Add."""\n    ...\n'
USE = "print(add(1, 2))\n"
Q = "```"


def py(text: str) -> str:
    return f"{Q}python\n{text}{Q}\n"


def got(reply: str, **fields: str) -> Extraction:
    return extract(TASK, Reply(text=reply, **fields))


def code(found: Extraction) -> str | None:
    return found.candidate.files["solution.py"] if found.candidate else None


SHAPES: dict[str, tuple[str, str]] = {
    "bare": (ADD, ADD),
    "bare without newline": (ADD.rstrip(), ADD),
    "bare among blank lines": (f"\n\n{ADD}\n\n\n", ADD),
    "bare with byte order mark": (f"\ufeff{ADD}", ADD),
    "bare with CRLF": (ADD.replace("\n", "\r\n"), ADD),
    "bare with its use": (f"{ADD}\n{USE}", f"{ADD}\n{USE}"),
    "bare with imports and a helper": (
        f"import math\n\ndef h(x):\n    return x\n\n{ADD}",
        f"import math\n\ndef h(x):\n    return x\n\n{ADD}",
    ),
    "bare with fences in its docstring": (
        'def add(a, b):\n    """Add.\n\n```python\nadd(1, 2)\n```\n"""\n    return a + b\n',
        'def add(a, b):\n    """Add.\n\n```python\nadd(1, 2)\n```\n"""\n    return a + b\n',
    ),
    "an invalid escape only warns": (
        'def add(a, b):\n    "\\d"\n    return a + b\n',
        'def add(a, b):\n    "\\d"\n    return a + b\n',
    ),
    "async": ("async def add(a, b):\n    return a\n", "async def add(a, b):\n    return a\n"),
    "a lambda": ("add = lambda a, b: a + b\n", "add = lambda a, b: a + b\n"),
    "defined in a branch": (
        "try:\n    from operator import add\nexcept ImportError:\n    add = None\n",
        "try:\n    from operator import add\nexcept ImportError:\n    add = None\n",
    ),
    "python fence": (f"{Q}python\n{ADD}{Q}", ADD),
    "py fence": (f"{Q}py\n{ADD}{Q}\n", ADD),
    "capital Python": (f"{Q}Python\n{ADD}{Q}\n", ADD),
    "unlabelled fence": (f"{Q}\n{ADD}{Q}\n", ADD),
    "a space before the label": (f"{Q} python\n{ADD}{Q}\n", ADD),
    "attributes in the label": (f"{Q}{{.python .numberLines}}\n{ADD}{Q}\n", ADD),
    "a title in the label": (f'{Q}python title="add.py"\n{ADD}{Q}\n', ADD),
    "labelled with a file": (f"{Q}solution.py\n{ADD}{Q}\n", ADD),
    "tildes": (f"~~~python\n{ADD}~~~\n", ADD),
    "a longer fence": (f"{Q}``python\n{ADD}{Q}``\n", ADD),
    "a shorter fence inside a longer one": (f'{Q}`python\nX = """\n{Q}\n"""\n{ADD}{Q}`\n', f'X = """\n{Q}\n"""\n{ADD}'),
    "backticks around tildes": (f'{Q}python\nX = """\n~~~\n"""\n{ADD}{Q}\n', f'X = """\n~~~\n"""\n{ADD}'),
    "CRLF in a fence": (f"Here:\r\n{Q}python\r\n" + ADD.replace("\n", "\r\n") + f"{Q}\r\n", ADD),
    "an indented fence in a list": (
        f"1. Like this:\n\n   {Q}python\n   def add(a, b):\n       return a + b\n   {Q}\n",
        ADD,
    ),
    "a fence in a list item": (f"- {Q}python\n  def add(a, b):\n      return a + b\n  {Q}\n", ADD),
    "an indented fence, code at the margin": (f"  {Q}python\n{ADD}  {Q}\n", ADD),
    "a quoted fence": (f"> {Q}python\n> def add(a, b):\n>     return a + b\n> {Q}\n", ADD),
    "an inline fence": (f"{Q}python add = max{Q}", "add = max\n"),
    "unclosed": (f"Here you are:\n{Q}python\n{ADD}", ADD),
    "unclosed, prose after it": (
        f"{Q}python\n{ADD}\nThis adds the two numbers, you see.\n",
        f"{ADD}\n".rstrip() + "\n",
    ),
    "closed by the next opening": (f"{Q}python\n{ADD}\n{Q}bash\npython add.py\n{Q}\n", f"{ADD.rstrip()}\n"),
    "a sentence on the closing line": (f"{Q}python\n{ADD}{Q} This is all you need to do.\n", ADD),
    "only the closing fence": (f"{ADD}{Q}\nThat adds the numbers.\n", ADD),
    "a bare fence in a docstring": (
        f'{Q}python\ndef add(a, b):\n    """Add.\n\n    {Q}\n{Q}\n    add(1, 2)\n{Q}\n    """\n    return a + b\n{Q}\n',
        f'def add(a, b):\n    """Add.\n\n    {Q}\n{Q}\n    add(1, 2)\n{Q}\n    """\n    return a + b\n',
    ),
    "a triple quote that never ends": (f"{Q}python\n{ADD}# '''\n{Q}\nDone.\n", f"{ADD}# '''\n"),
    "prose around": (f"Sure! Here is the code:\n\n{Q}python\n{ADD}{Q}\n\nIt adds the numbers.", ADD),
    "use in a second block": (f"{Q}python\n{ADD}{Q}\nUse it so:\n{Q}python\n{USE}{Q}\n", ADD),
    "use in a block before": (f"{Q}python\n{USE}{Q}\nwith\n{Q}python\n{ADD}{Q}\n", ADD),
    "a corrected version": (f"{Q}python\n{OLD}{Q}\nWait, that subtracts.\n{Q}python\n{ADD}{Q}\n", ADD),
    "a correction that is broken": (f"{Q}python\n{ADD}{Q}\nOr:\n{Q}python\ndef add(a, b:\n{Q}\n", ADD),
    "a stub first": (f"{Q}python\n{STUB}{Q}\n{Q}python\n{ADD}{Q}\n", ADD),
    "a stub last": (f"{Q}python\n{ADD}{Q}\nThe signature:\n{Q}python\n{STUB}{Q}\n", ADD),
    "a stub that raises": (py(ADD) + py("def add(a, b):\n    raise NotImplementedError('later')\n"), ADD),
    "only a stub": (f"{Q}python\n{STUB}{Q}\n", STUB),
    "a helper in the block before": (
        py("def plus(x, y):\n    return x + y\n") + "then\n" + py("def add(a, b):\n    return plus(a, b)\n"),
        "def plus(x, y):\n    return x + y\ndef add(a, b):\n    return plus(a, b)\n",
    ),
    "imports in a block of their own": (
        f"{Q}python\nimport operator\n{Q}\n{Q}python\ndef add(a, b):\n    return operator.add(a, b)\n{Q}\n",
        "import operator\ndef add(a, b):\n    return operator.add(a, b)\n",
    ),
    "a chain of helpers, one after": (
        py("ONE = 1\n") + py("def add(a, b):\n    return p(a) + b\n") + py("def p(x):\n    return x * ONE\n"),
        "ONE = 1\ndef add(a, b):\n    return p(a) + b\ndef p(x):\n    return x * ONE\n",
    ),
    "other blocks that are not needed": (
        f"{Q}python\ndef sub(a, b):\n    return a - b\n{Q}\n{Q}python\n{ADD}{Q}\n",
        ADD,
    ),
    "shell and JSON beside it": (
        f"{Q}bash\npip install x\n{Q}\n{Q}json\n{{}}\n{Q}\n{Q}python\n{ADD}{Q}\n{Q}text\n3\n{Q}\n",
        ADD,
    ),
    "the wrong label": (f"{Q}java\n{ADD}{Q}\n", ADD),
    "a transcript beside it": (f"{Q}python\n{ADD}{Q}\n{Q}pycon\n>>> add(1, 2)\n3\n{Q}\n", ADD),
    "only a transcript": (
        f"{Q}pycon\n>>> def add(a, b):\n...     return a + b\n...\n>>> add(1, 2)\n3\n{Q}\n",
        f"{ADD}\nadd(1, 2)\n",
    ),
    "doctests in the code": (
        f'{Q}python\ndef add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n{Q}\n',
        'def add(a, b):\n    """\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n',
    ),
    "prose before, no fence": (f"Here is the function you asked for:\n\n{ADD}", ADD),
    "prose on both sides, no fence": (f"Sure, here it is.\n\n{ADD}\nIt adds the numbers. Enjoy!\n", ADD),
    "words that parse around it": (f"python\n{ADD}\nDone\n", ADD),
    "a label that parses around it": (f"Answer: code\n{ADD}", ADD),
    "a comment at the margin inside the body": (
        "Here it is!\n\ndef add(a, b):\n    c = a\n# sum\n    return c + b\n",
        "def add(a, b):\n    c = a\n# sum\n    return c + b\n",
    ),
    "a text at the margin inside the body": (
        'Here it is!\n\ndef add(a, b):\n    x = """\none\ntwo\n"""\n    return a + b\n',
        'def add(a, b):\n    x = """\none\ntwo\n"""\n    return a + b\n',
    ),
    "a list over several lines": (f"See below.\n\nTABLE = [\n1,\n2,\n]\n{ADD}", f"TABLE = [\n1,\n2,\n]\n{ADD}"),
    "a decorator": (f"Here it is!\n\n@cache\n{ADD}That is it.", f"@cache\n{ADD}"),
    "else at the margin": (
        "Here it is!\n\nif True:\n    add = max\nelse:\n    add = min\n",
        "if True:\n    add = max\nelse:\n    add = min\n",
    ),
    "beside a block that is not it": (f"{Q}bash\npip install x\n{Q}\n\n{ADD}", ADD),
    "HTML entities stay": (
        "def add(a, b):\n    return '&lt;' if a &lt; b else a\n",
        "def add(a, b):\n    return '&lt;' if a &lt; b else a\n",
    ),
    "broken code in a fence": (
        f"{Q}python\ndef add(a, b)\n    return a + b\n{Q}\n",
        "def add(a, b)\n    return a + b\n",
    ),
    "broken code without a fence": (
        "import math\n\ndef add(a, b)\n    return a + b\n",
        "import math\n\ndef add(a, b)\n    return a + b\n",
    ),
    "the wrong name": (f"{Q}python\ndef plus(a, b):\n    return a + b\n{Q}\n", "def plus(a, b):\n    return a + b\n"),
    "the wrong name, no fence": ("def plus(a, b):\n    return a + b\n", "def plus(a, b):\n    return a + b\n"),
    "a class with the method": (
        f"{Q}python\nclass Solution:\n    def add(self, a, b):\n        return a + b\n{Q}\n",
        "class Solution:\n    def add(self, a, b):\n        return a + b\n",
    ),
    "a NUL in it": ("def add(a, b):\n    return '\0'\n", "def add(a, b):\n    return '\0'\n"),
    "a form feed is no line break": (
        "def add(a, b):\n    x = '\x0c\u2028'\n    return a\n",
        "def add(a, b):\n    x = '\x0c\u2028'\n    return a\n",
    ),
    "thinking before": (f"<think>\nEasy.\n</think>\n\n{ADD}", ADD),
    "thinking with a draft": (f"<think>\n{Q}python\n{OLD}{Q}\n</think>\n{Q}python\n{ADD}{Q}\n", ADD),
    "thinking with a draft that never ended": (f"<think>\n{Q}python\n{OLD}</think>\n{Q}python\n{ADD}{Q}\n", ADD),
    "other spellings": (f"<Thinking>no</Thinking><reasoning>no</reasoning>\n{ADD}", ADD),
    "nested thinking": (f"<think>a <think>b</think> c</think>\n{ADD}", ADD),
    "a lone closing tag": (f"{OLD}Hmm, no.\n</think>\n\n{ADD}", ADD),
    "a lone closing tag at a line's end": (f"I would say add them.</think>\n{ADD}", ADD),
    "thinking in the middle": (f"Well.\n<think>\n{OLD}</think>\n{Q}python\n{ADD}{Q}\n", ADD),
    "thinking after, unclosed": (f"{Q}python\n{ADD}{Q}\n<think>\n{Q}python\n{OLD}{Q}\n", ADD),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_candidate_in_a_reply(shape: str) -> None:
    reply, expected = SHAPES[shape]
    assert code(got(reply)) == expected


CODE_WITH_TAGS = 'def add(a, b):\n    """Cut <think>.\n\n    </think>"""\n    return a.split("</think>")\n'


@pytest.mark.parametrize(
    "reply", [CODE_WITH_TAGS, f"{Q}python\n{CODE_WITH_TAGS}{Q}\n", f"Here:\n{Q}\n{CODE_WITH_TAGS}{Q}"]
)
def test_code_about_thinking_tags_is_not_thinking(reply: str) -> None:
    found = got(reply)
    assert code(found) == CODE_WITH_TAGS
    assert not found.thinking


NOTHING = {
    "empty": ("", "an empty reply"),
    "blank": (" \n\t\n", "an empty reply"),
    "only a byte order mark": ("\ufeff", "an empty reply"),
    "only NULs": ("\0\0", "an empty reply"),
    "only thinking": ("<think>So add them.</think>\n", "only thinking, no answer after it"),
    "thinking that never ended": (f"<think>So\n{Q}python\n{ADD}{Q}\n", "only thinking, which never ended"),
    "a refusal": ("I'm sorry, I can't help with that.", "no code: nothing in the reply defines `add`"),
    "one word": ("Sorry", "no code: nothing in the reply defines `add`"),
    "a number": ("42", "no code: nothing in the reply defines `add`"),
    "prose about it": (
        "To add, use the plus sign: `add(a, b)` is a + b.",
        "no code: nothing in the reply defines `add`",
    ),
    "only shell": (f"{Q}bash\npython add.py\n{Q}\n", "no code to run: none of 1 blocks defines `add`"),
    "only a use": (f"{Q}python\n{USE}{Q}\n", "no code to run: none of 1 blocks defines `add`"),
    "an empty block": (f"{Q}python\n{Q}\n", "no code to run: none of 1 blocks defines `add`"),
    "a fence and nothing more": (Q, "no code to run: none of 1 blocks defines `add`"),
}


@pytest.mark.parametrize("shape", NOTHING)
def test_no_candidate_says_why(shape: str) -> None:
    reply, reason = NOTHING[shape]
    found = got(reply)
    assert found.candidate is None
    assert found.choice == reason


def test_an_empty_text_beside_a_thinking_field_is_only_thinking() -> None:
    assert got("\n", thinking="Let me see").choice == "only thinking, no answer after it"


def test_a_reply_cut_off_at_its_limit_is_taken_as_it_is_and_says_so() -> None:
    found = got(f"{Q}python\ndef add(a, b):\n    total = (a +", finish_reason="length")
    assert code(found) == "def add(a, b):\n    total = (a +\n"
    assert "cut off at its token limit" in found.choice
    assert "does not parse" in found.choice


def test_a_function_that_is_whole_survives_what_was_cut_off_after_it() -> None:
    found = got(f"{Q}python\n{ADD}\n\nprint(add(1,", finish_reason="length")
    assert code(found) == ADD


@pytest.mark.parametrize(
    "reply, facts",
    [
        (ADD, (False, 0, False, False, False)),
        (f"{Q}\n{ADD}{Q}", (True, 1, False, False, False)),
        (f"{Q}\n{ADD}{Q}\nSo.\n{Q}\n{USE}{Q}", (True, 2, True, False, False)),
        (f"{Q}\n{ADD}", (True, 1, False, False, True)),
        (f"<think>x</think>\nHere it is:\n{ADD}", (False, 0, True, True, False)),
        ("<think>x", (False, 0, False, True, True)),
    ],
)
def test_what_is_recorded_of_the_form(reply: str, facts: tuple[bool, int, bool, bool, bool]) -> None:
    found = got(reply)
    assert (found.fenced, found.blocks, found.prose, found.thinking, found.unclosed) == facts


def test_lone_surrogates_are_replaced_and_pairs_joined() -> None:
    found = got("def add(a, b):\n    return '\ud800 \ud83d\ude00'\n")
    assert code(found) == "def add(a, b):\n    return '\ufffd \U0001f600'\n"


def test_a_file_that_is_too_large_is_no_candidate() -> None:
    found = got(f"{Q}python\n{ADD}# {'x' * 1024 * 1024}\n{Q}")
    assert found.candidate is None
    assert found.rejected == ("solution.py: larger than 1024 KiB",)


def test_the_choice_names_the_block_and_the_reason() -> None:
    assert got(ADD).choice == "the whole reply: it defines `add`"
    assert got(f"{Q}\n{ADD}{Q}").choice == "the only block: it defines `add`"
    assert got(SHAPES["a corrected version"][0]).choice == "block 2 of 2: it defines `add`, the last of 2 that do"
    assert (
        got(SHAPES["a helper in the block before"][0]).choice == "blocks 1, 2 of 2 joined: together they are the code"
    )
