"""What is graded of an import: whole replies, where there is something to hold against them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.importing.attempts import attempt_of
from harness.importing.lines import Place
from harness.importing.load import gradable
from harness.importing.records import ReplyLine, line_of
from harness.importing.survey import TaskFacts, wanted
from harness.types import Attempt, Message, Outcome, Task, TextCase

CASE = TextCase(id="max_words", check="max_words", want=3)


def talk(*roles: str, cases: tuple[TextCase, ...] = (CASE,)) -> Task:
    turns = tuple(Message(role=role, content="...") for role in roles)
    return Task(id="s/t", suite="s", name="t", kind="conversation", instruction="", turns=turns, cases=cases)


def of(task: Task | None, **keys: Any) -> Attempt:
    line = line_of({"task": "s/t", "model": "m", **keys}, Place(Path("r"), 1))
    assert isinstance(line, ReplyLine)
    return attempt_of(line, TaskFacts(), task)


@pytest.mark.parametrize(
    ("roles", "number"),
    [
        (("user",), 1),
        (("user", "assistant", "user"), 1),
        (("user", "user"), 2),
        (("user", "assistant", "user", "user"), 2),
        ((), 1),
    ],
)
def test_a_model_replies_where_nobody_has(roles: tuple[str, ...], number: int) -> None:
    assert wanted(talk(*roles)) == number


def test_what_can_be_graded() -> None:
    one, two = talk("user"), talk("user", "user")
    assert gradable(of(one, reply="a"), one)
    assert gradable(of(one, reply=" "), one)  # it is no answer, and that can be said
    assert gradable(of(two, replies=["a", "b"]), two)
    assert not gradable(of(two, reply="b"), two)
    assert not gradable(of(one, passed=True), one)
    assert not gradable(of(talk("user", cases=()), reply="a"), talk("user", cases=()))
    code = one.model_copy(update={"kind": "function"})
    assert gradable(of(code, reply="a"), code)


def test_half_a_conversation_is_unscored_and_says_so() -> None:
    found = of(talk("user", "user"), reply="b")
    assert found.verdict is not None
    assert (found.outcome, found.verdict.detail) == (Outcome.unscored, "the file has no verdict, and 1 of 2 replies")


@pytest.mark.parametrize(
    ("keys", "detail"),
    [
        ({"replies": ["a", "b"]}, ""),
        ({"replies": ["a", "b", "c"]}, ", and 3 of 2 replies"),
        ({}, ", and 0 of 2 replies"),
        ({"thinking": "hm"}, ""),
    ],
)
def test_a_whole_conversation_lacks_nothing(keys: dict[str, Any], detail: str) -> None:
    found = of(talk("user", "user"), **keys)
    assert found.verdict is not None
    assert found.verdict.detail == "the file has no verdict" + detail


def test_code_lacks_nothing_but_a_reply() -> None:
    code = talk().model_copy(update={"kind": "function"})
    for keys, detail in (({"reply": "a"}, ""), ({"replies": ["a", "b"]}, ""), ({}, ", and 0 of 1 reply")):
        found = of(code, **keys)
        assert found.verdict is not None
        assert found.verdict.detail == "the file has no verdict" + detail


def test_every_reply_is_part_of_the_candidate() -> None:
    found = of(None, replies=["a", "b"])
    assert found.extraction is not None
    assert found.extraction.candidate is not None
    assert found.extraction.candidate.files == {"turn1.md": "a\n", "reply.md": "b\n"}
    assert found.reply is not None
    assert found.reply.text == "b"


def test_thinking_is_no_part_of_an_answer() -> None:
    found = of(None, reply="<think>\nlong\n</think>\nFriend.")
    assert found.extraction is not None
    assert found.extraction.candidate is not None
    assert found.extraction.candidate.files == {"reply.md": "Friend.\n"}
    assert found.extraction.thinking
    assert found.reply is not None
    assert found.reply.text.startswith("<think>")


def test_fences_of_the_last_reply_are_told() -> None:
    fenced = "```\nx\n```"
    for replies, found in ((["a", fenced], (True, 1)), ([fenced, "a"], (False, 0))):
        extraction = of(talk("user", "user"), replies=replies).extraction
        assert extraction is not None
        assert (extraction.fenced, extraction.blocks) == found
