"""Questions as rows of a sheet."""

from __future__ import annotations

import csv
import io

from harness.annotating.sheet import make
from harness.judging.names import Names
from harness.judging.questions import comparisons, question
from harness.tasks.turns import reply_files
from harness.types import Answer, Message, Task
from tests.judging.courtroom import attempt, chat_task


def rows(task: Task, *texts: str) -> list[dict[str, str]]:
    attempts = [attempt(task, f"m{number}", text) for number, text in enumerate(texts)]
    asked = [question(group, "sheet", 0, Names([])) for group in comparisons(task, attempts, {}, "rubric")]
    text, _ = make(asked, "rubric", 0, "secret")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_reference_column_has_every_reply() -> None:
    turns = tuple(Message(role="user", content=text) for text in ("Say one.", "Say two."))
    said = Answer(name="reference", files=reply_files(["First.", "Second."]))
    (row,) = rows(chat_task(turns=turns, reference=said), "x")
    assert row["reference"] == "[user]\nSay one.\n\n[reply]\nFirst.\n\n[user]\nSay two.\n\n[reply]\nSecond."


def test_a_reference_of_one_reply_is_its_text() -> None:
    assert rows(chat_task(), "x")[0]["reference"] == "C-A-T"
    assert rows(chat_task(reference=None), "x")[0]["reference"] == "(there is none)"
