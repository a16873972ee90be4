"""Conversation suites: what a file of tests becomes, and where a broken one is said to be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import TaskError, UsageError
from harness.tasks import load, load_tasks, open_suite
from harness.tasks.turns import asked_of, replies_of, reply_files
from harness.types import Message, Task, TextCase

SHARED = """\
category: sums
system: |
  You are Pip, who does sums.
criteria:
  max_words: 30
  must_not_include: ["As an AI"]
judge: Right and friendly.
tests:
"""
ONE = """\
  - id: add
    title: adds
    prompt: What is 2 + 3?
    criteria:
      must_include: [["5", "five"]]
    reference: That makes 5.
    wrong:
      - reply: That makes 6.
        fails: ["must_include:1"]
"""
SEVERAL = """\
  - id: goes-on
    tags: [memory]
    turns:
      - user: Hello
      - assistant: Hello, I am Pip. What shall I add?
      - user: 2 and 3
        criteria:
          number: 5
      - user: And one more?
    criteria:
      number: 6
      max_words: 10
    reference: ["It is 5.", "Then it is 6."]
    wrong:
      - replies: ["It is 5.", "Then it is 7."]
        fails: [number]
      - replies: ["It is 4.", "Then it is 6."]
        fails: ["turn1.*"]
        why: wrong at the first sum
"""


def suite(tmp_path: Path, *tests: str, shared: str = SHARED) -> Path:
    root = tmp_path / "talks"
    root.mkdir(exist_ok=True)
    (root / "sums.yaml").write_text(shared + "".join(tests), encoding="utf-8")
    return root


def one(tmp_path: Path, *tests: str, shared: str = SHARED) -> Task:
    return load(suite(tmp_path, *tests, shared=shared)).tasks[0]


def refusal(tmp_path: Path, *tests: str, shared: str = SHARED) -> str:
    with pytest.raises(TaskError) as caught:
        load(suite(tmp_path, *tests, shared=shared))
    return str(caught.value)


def test_a_file_gives_its_tests_what_they_share(tmp_path: Path) -> None:
    found = load(suite(tmp_path, ONE, SEVERAL))
    assert [task.id for task in found.tasks] == ["talks/add", "talks/goes-on"]
    task = found.tasks[0]
    assert (task.kind, task.category, task.title, task.system) == (
        "conversation", "sums", "adds", "You are Pip, who does sums.",
    )  # fmt: skip
    assert task.pass_criteria == "Right and friendly."
    assert [case.id for case in task.cases] == ["max_words", "must_not_include:1", "must_include:1"]
    assert task.reference is not None
    assert task.reference.files == {"reply.md": "That makes 5.\n"}
    assert not task.runs
    assert "What is 2 + 3?" in task.instruction
    assert "You are Pip" in task.instruction


def test_turns_replies_and_criteria_of_a_turn(tmp_path: Path) -> None:
    task = one(tmp_path, SEVERAL)
    assert [turn.role for turn in task.turns] == ["user", "assistant", "user", "user"]
    assert asked_of(task.turns) == [False, False, True, True]
    by_id = {case.id: case for case in task.cases if isinstance(case, TextCase)}
    assert (by_id["turn1.number"].turn, by_id["number"].turn) == (0, None)
    assert by_id["max_words"].want == 10, "a test's own value replaces its file's"
    assert task.reference is not None
    assert replies_of(task.reference.files) == ["It is 5.", "Then it is 6."]
    assert [item.fails for item in task.flawed] == [("number",), ("turn1.*",)]
    assert task.tags == ("memory",)


def test_lists_of_criteria_add_up_and_false_takes_one_back(tmp_path: Path) -> None:
    shared = SHARED.replace("max_words: 30", "plain_text: true\n  max_words: 30")
    more = 'criteria:\n      plain_text: false\n      must_not_include: [sorry, "As an AI"]\n'
    text = ONE.replace("criteria:\n", more)
    ids = [case.id for case in one(tmp_path, text, shared=shared).cases]
    assert ids == ["max_words", "must_not_include:1", "must_not_include:2", "must_include:1"]


def test_one_file_of_a_suite_alone(tmp_path: Path) -> None:
    root = suite(tmp_path, ONE)
    (root / "more.yaml").write_text("id: alone\nprompt: Say something.\n", encoding="utf-8")
    assert {task.name for task in load(root).tasks} == {"add", "alone"}
    assert [task.id for task in load_tasks([root / "more.yaml"])] == ["talks/alone"]
    assert [task.id for task in load_tasks([root, root / "more.yaml"], ["al*"])] == ["talks/alone"]
    with pytest.raises(UsageError, match="no task matches"):
        load_tasks([root / "more.yaml"], ["add"])


def test_the_hash_is_of_one_test_and_of_what_it_is_about(tmp_path: Path) -> None:
    before = {task.name: task.content_hash for task in load(suite(tmp_path, ONE, SEVERAL)).tasks}
    (tmp_path / "talks" / "sums.yaml").write_text(SHARED + ONE.replace("2 + 3", "3 + 2") + SEVERAL, encoding="utf-8")
    after = {task.name: task.content_hash for task in load(tmp_path / "talks").tasks}
    assert after["add"] != before["add"]
    assert after["goes-on"] == before["goes-on"]
    titled = ONE.replace("title: adds", "title: adds two numbers")
    (tmp_path / "talks" / "sums.yaml").write_text(SHARED + titled + SEVERAL, encoding="utf-8")
    assert {task.name: task.content_hash for task in load(tmp_path / "talks").tasks} == before


def test_a_suite_file_gives_category_and_tags(tmp_path: Path) -> None:
    root = suite(tmp_path, ONE, shared="tests:\n")
    (root / "suite.yaml").write_text("title: Talks\ndefaults: {category: odd, tags: [a]}\n", encoding="utf-8")
    found = load(root)
    assert (found.title, found.tasks[0].category, found.tasks[0].tags) == ("Talks", "odd", ("a",))
    (root / "suite.yaml").write_text("defaults: {kind: function}\n", encoding="utf-8")
    with pytest.raises(TaskError, match="cannot have a default"):
        load(root)


def test_documents_and_pictures_are_made(tmp_path: Path) -> None:
    text = """\
  - id: reads
    turns:
      - user: "Read this.\\n{{document}}\\nWhat is the code?"
        document: {kind: diary, words: 400, seed: 3, facts: [{at: 0.5, text: The code is Heron 41.}]}
      - user: And how many dots?
        picture: {kind: dots, dots: [{colour: red, count: 3}]}
"""
    task = one(tmp_path, text)
    assert "The code is Heron 41." in task.turns[0].content
    assert "{{document}}" not in task.turns[0].content
    assert task.pictures
    assert "(with a picture)" in task.instruction


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("    prompt: What is 2 + 3?\n", ""), "needs `prompt`, or `turns`"),
        (("  - id: add\n", "  - id: a b\n"), "not an id"),
        (("  - id: add\n", "  - id: 7\n"), "expected text, found 7"),
        (("must_include: [[", "must_incldue: [["), "no such criterion"),
        (('[["5", "five"]]', "[]"), "expected a list of texts"),
        (('[["5", "five"]]', "[[]]"), "a list of alternatives"),
        (('[["5", "five"]]', "[5]"), "put quotes around it"),
        (("must_include: ", "max_words: 0\n      must_include: "), "1 or more"),
        (("must_include: ", "max_words: true\n      must_include: "), "1 or more"),
        (("must_include: ", "regex: ['(']\n      must_include: "), "not a regular expression"),
        (("must_include: ", "number: x\n      must_include: "), "expected a number"),
        (("must_include: ", "number: {value: 1, tolerance: -1}\n      must_include: "), "value and tolerance"),
        (("must_include: ", "number: {value: 1, tolerance: .nan}\n      must_include: "), "value and tolerance"),
        (("must_include: ", "equals: 12:30\n      must_include: "), "found 750"),
        (("must_include: ", "equals: 010\n      must_include: "), "found 8"),
        (("must_include: ", "regex: ['']\n      must_include: "), "expected a pattern"),
        (('[["5", "five"]]', '["\\u200b"]'), "put quotes around it"),
        (("must_include: ", "min_words: 50\n      must_include: "), "min_words 50 is more than max_words 30"),
        (("must_include: ", "json_keys: [a]\n      parses_as: number\n      must_include: "), "has no json_keys"),
        (('[["5", "five"]]', '["as an AI"]'), "must be there, and must not"),
        (("      - reply: That makes 6.\n", "      - reply: ' '\n"), "says nothing"),
        (("    reference: That makes 5.", "    reference: ''"), "says nothing"),
        (("must_include: ", "parses_as: xml\n      must_include: "), "number or json"),
        (('["must_include:1"]', "[number]"), "no criterion is called 'number'"),
        (('["must_include:1"]', "[]"), "say which criteria it fails"),
        (("      - reply: That makes 6.\n", "      - replies: [a, b]\n"), "replies 1 times here"),
        (("    reference: That makes 5.", "    reference: [a, b]"), "replies 1 times here"),
        (("    title: adds\n", "    titel: adds\n"), "no such key"),
        (("What is 2 + 3?", '"  "'), "says nothing"),
        (("What is 2 + 3?", '"{{document}}"'), "0 documents for 1 places"),
        (("    title: adds\n", "    turns: [{user: x}]\n"), "either `prompt` or `turns`"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    assert change[0] in ONE
    told = refusal(tmp_path, ONE.replace(*change))
    assert says in told
    assert "sums.yaml:" in told


@pytest.mark.parametrize(
    ("turns", "says"),
    [
        ("[{user: a}, {assistant: b}]", "the last turn is the user's"),
        ("[{user: a, assistant: b}]", "a turn is `user: text` or `assistant: text`"),
        ("[{user: a, criteria: {max_words: 3}}, {assistant: b}, {user: c}]", "no reply to check"),
        ("[{user: a, colour: red}]", "no such key"),
        ("[{user: a}, {assistant: b}, {assistant: c}, {user: d}]", "two turns of the assistant in a row"),
        ("[]", "`turns`: a list"),
        ("[{user: a, document: {kind: log}}]", "1 documents for 0 places"),
        ("[{user: '{{document}}', document: {kind: novel, words: 100, seed: 1}}]", "cannot be made"),
        ("[{user: a, picture: 3}]", "expected a mapping"),
        ("[{assistant: a, picture: {kind: dots, count: 1}}, {user: b}]", "only the user shows"),
    ],
)
def test_turns_that_cannot_be(tmp_path: Path, turns: str, says: str) -> None:
    assert says in refusal(tmp_path, f"  - id: t\n    turns: {turns}\n")


def test_ids_are_used_once(tmp_path: Path) -> None:
    assert "has the id 'add' already" in refusal(tmp_path, ONE, ONE)
    root = suite(tmp_path, ONE)
    (root / "again.yaml").write_text("id: add\nprompt: x\n", encoding="utf-8")
    with pytest.raises(TaskError, match="used in again"):
        open_suite(root)


def test_a_broken_file_is_a_broken_suite_of_conversations(tmp_path: Path) -> None:
    told = refusal(tmp_path, "  - id: [\n    prompt: x\n")
    assert "broken YAML" in told
    assert "sums.yaml:" in told


def test_tasks_of_our_own_are_no_conversations(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "tsak.yaml").write_text("kind: function\n", encoding="utf-8")
    with pytest.raises(TaskError, match=r"task\.yaml"):
        load(tmp_path / "odd")
    (tmp_path / "notes.yaml").write_text("colour: red\n", encoding="utf-8")
    with pytest.raises(TaskError, match="expected a directory of tasks, or a YAML file"):
        load(tmp_path / "notes.yaml")


def remedy_of(path: Path) -> str:
    with pytest.raises(TaskError) as caught:
        load(path)
    return caught.value.remedy


@pytest.mark.parametrize("text", ["test:\n- id: x\n  prompt: a\n", "", "- id: x\n  prompt: a\n"])
def test_who_meant_a_file_of_conversations_is_told_its_form(tmp_path: Path, text: str) -> None:
    (tmp_path / "talk").mkdir()
    path = tmp_path / "talk" / "t.yaml"
    path.write_text(text)
    assert "t.yaml is meant: a file of conversations" in remedy_of(path.parent)
    assert "`tests:` with a list of tests" in remedy_of(path)
    # Read alone it may end in .yml; in a directory it is not looked for.
    path.rename(path.with_suffix(".yml"))
    assert "a file of conversations ends in .yaml" in remedy_of(path.parent)


def test_all_keys_of_a_test_are_named_for_one_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("id: x\nprompt: a\ncritera: {max_words: 3}\n")
    told = remedy_of(tmp_path / "t.yaml")
    assert all(
        key in told.split(": ")[1].split(", ") for key in ("turns", "reference", "criteria", "document", "wrong")
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [("[good]", "brackets or a dash: good"), ("[a, b]", "one text, not a list"), ("yes", "put quotes around it")],
)
def test_a_list_for_a_text_needs_no_quotes(tmp_path: Path, value: str, told: str) -> None:
    (tmp_path / "t.yaml").write_text(f"id: x\nprompt: a\ncriteria: {{starts_with: {value}}}\n")
    assert told in remedy_of(tmp_path / "t.yaml")
    (tmp_path / "t.yaml").write_text(f"id: x\nprompt: a\njudge: {value}\n")
    assert told in remedy_of(tmp_path / "t.yaml")


def test_replies_are_files_in_order() -> None:
    said = [f"reply {number}" for number in range(12)]
    assert replies_of(reply_files(said)) == said
    assert list(reply_files(["a"])) == ["reply.md"]
    assert reply_files([]) == {}
    assert replies_of({"other.txt": "x", "reply.md": "y"}) == ["y"]


def test_who_is_asked() -> None:
    turns = [Message(role=role, content="x") for role in ("assistant", "user", "user", "assistant", "user")]
    assert asked_of(turns) == [False, True, False, False, True]
