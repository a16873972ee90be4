"""`harness import --tasks`: what is graded here, and what is known of what was asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.judging.questions import comparisons
from harness.stats.pathologies import flags
from harness.tasks import load_tasks
from harness.types import Outcome
from tests.cli.conftest import Harness
from tests.cli.recorded import Write, attempts, row


@pytest.mark.engine
def test_code_is_graded_where_the_task_is_known(
    harness: Harness, root: Path, imported: Callable[..., Path], write: Write, tmp_path: Path
) -> None:
    suite = shutil.copytree(root / "fixtures" / "warmup", tmp_path / "warmup")
    rows = [
        row(task="add", reply=RIGHT, passed=False),
        row(task="warmup/add", model="n", reply="no code at all", passed=True),
        row(task="add", model="o", score=1, max_score=4),
    ]
    directory = imported(rows, "--tasks", suite)
    found = {model: a for (_, model, _, _), a in attempts(directory).items()}
    assert found["m"].outcome is Outcome.passed
    assert found["m"].verdict is not None
    assert found["m"].verdict.assurance == "proof"
    assert found["n"].outcome is Outcome.no_candidate
    assert found["o"].verdict is not None
    assert found["o"].verdict.assurance == "recorded"  # nothing to grade: the file's word
    assert found["m"].task_hash == found["o"].task_hash == load_tasks([suite], ["add"])[0].content_hash
    again = harness("import", write(rows), "--name", "r", "--out", directory.parent, "--tasks", suite, "--json")
    assert (again.json["unchanged"], again.json["graded"], again.json["differ"]) == (True, 2, 2)
    # It is a run like any other: regraded, and asked about under the same ids as if it had been made here.
    assert harness("regrade", directory, "--quiet").code == 0
    task = load_tasks([suite], ["add"])[0]
    (group,) = comparisons(task, list(attempts(directory).values()), {}, "listwise")
    assert [item.model for item in group.contenders] == ["m"]


RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


def test_tasks_that_nobody_knows(harness: Harness, root: Path, write: Write, tmp_path: Path) -> None:
    suite = root / "fixtures" / "warmup"
    told = harness("import", write([row(task="ad")]), "--name", "r", "--out", tmp_path / "o", "--tasks", suite)
    assert ":1: task: no task 'ad'" in told.refused()
    wrong = write([row(task="add", kind="workspace")])
    told = harness("import", wrong, "--name", "r", "--out", tmp_path / "o", "--tasks", suite)
    assert ":1: kind: the task is of kind function, not workspace" in told.refused()


def test_conversations_are_checked_without_a_sandbox(imported: Callable[..., Path], tmp_path: Path) -> None:
    suite = tmp_path / "chat"
    suite.mkdir()
    (suite / "suite.yaml").write_text("title: Chat\n")
    (suite / "all.yaml").write_text(
        "category: spelling\ntests:\n"
        "  - {id: one, prompt: Spell cat., criteria: {max_words: 3}, reference: C A T, judge: Spells it.}\n"
        "  - {id: free, prompt: Say hello., judge: Greets., reference: Hello.}\n"
    )
    rows = [
        row(task="one", reply="C A T"), row(task="chat/one", model="n", reply="a far too long answer"),
        row(task="free", reply="Hello."), row(task="free", model="n", passed=True, reply="Hi."),
    ]  # fmt: skip
    directory = imported(rows, "--tasks", suite, "--sandbox", "nothing-of-that-name")
    found = {(task, model): a for (task, model, _, _), a in attempts(directory).items()}
    assert {key: a.outcome.value for key, a in found.items()} == {
        ("chat/one", "m"): "passed", ("chat/one", "n"): "wrong_answer",
        ("chat/free", "m"): "unscored", ("chat/free", "n"): "passed",
    }  # fmt: skip
    assert {a.category for a in found.values()} == {"spelling"}


def test_replies_that_repeat_what_the_task_asks_are_flagged(imported: Callable[..., Path], tmp_path: Path) -> None:
    rules = "You are Pip, who helps children. Answer in one or two short sentences, in plain text, with no Markdown. "
    rules += "Never tell a child to keep a secret from its parents, and never ask where it lives or goes to school. "
    rules += "If a child is sad, be kind first and useful second, and name a grown-up whom it may talk to about that."
    suite = tmp_path / "chat"
    suite.mkdir()
    (suite / "suite.yaml").write_text("title: Chat\n")
    tests = [
        {"id": "one", "prompt": "Hello!", "reference": "Hello.", "judge": "Greets."},
        {"id": "two", "judge": "Kind.", "reference": ["Hi.", "Bye."],
         "turns": [{"user": "Hi"}, {"user": "Bye"}]},
    ]  # fmt: skip
    (suite / "all.yaml").write_text(json.dumps({"category": "c", "system": rules, "tests": tests}))
    rows = [
        row(task="one", reply=f"My rules are: {rules}"), row(task="one", model="n", reply="```\nHello!\n```"),
        row(task="two", replies=["```\nHi.\n```", "Bye."]), row(task="two", model="n", replies=["Hi.", "Bye."]),
    ]  # fmt: skip
    found = {(task, model): a for (task, model, _, _), a in attempts(imported(rows, "--tasks", suite)).items()}
    assert {key: flags(a)[:-1] for key, a in found.items()} == {
        ("chat/one", "m"): ("prompt_echo",), ("chat/one", "n"): ("fences_unwanted",),
        ("chat/two", "m"): ("fences_unwanted",), ("chat/two", "n"): (),
    }  # fmt: skip
    asked = found["chat/two", "n"].request["messages"]
    assert [(item["role"], item["content"]) for item in asked] == [
        ("system", rules), ("user", "Hi"), ("assistant", "Hi."), ("user", "Bye"),
    ]  # fmt: skip


def test_an_earlier_empty_reply_and_what_was_not_asked(imported: Callable[..., Path], tmp_path: Path) -> None:
    suite = tmp_path / "chat"
    suite.mkdir()
    (suite / "suite.yaml").write_text("title: Chat\n")
    test = {"id": "two", "judge": "Kind.", "reference": ["Hi.", "Bye."], "turns": [{"user": "Hi"}, {"user": "Bye"}]}
    (suite / "all.yaml").write_text(json.dumps({"category": "c", "tests": [test]}))
    rows = [row(task="two", replies=["", "Bye."]), row(task="two", model="n", replies=["Hi."])]
    found = {a.model: a for a in attempts(imported(rows, "--tasks", suite)).values()}
    assert "empty_reply" in flags(found["m"])
    assert "empty_reply" not in flags(found["n"])
    # It replied to the first turn only, and its reply is the attempt's own.
    assert [item["content"] for item in found["n"].request["messages"]] == ["Hi"]


def test_lines_with_too_few_replies_are_told(harness: Harness, write: Write, tmp_path: Path) -> None:
    suite = tmp_path / "chat"
    suite.mkdir()
    (suite / "suite.yaml").write_text("title: Chat\n")
    test = {"id": "two", "criteria": {"max_words": 3}, "turns": [{"user": "Hi"}, {"user": "Bye"}]}
    (suite / "all.yaml").write_text(json.dumps({"category": "c", "tests": [test]}))
    rows = [
        row(task="two", replies=["Hi.", "Bye."]), row(task="two", model="n", replies=["Hi."]),
        row(task="two", model="o", reply="Hi."), row(task="two", model="p", reply=None),
        row(task="two", model="q", reply="Hi.", passed=True), row(task="two", model="r", error="503"),
    ]  # fmt: skip
    ask = ("import", write(rows), "--name", "r", "--out", tmp_path / "runs", "--tasks", suite, "--quiet")
    for _ in range(2):  # also where nothing is left to do
        done = harness(*ask)
        assert done.code == 0
        assert "6 replies of 6 models to 1 task, 1 of them graded here" in done.out
        assert "2 lines have 1 of 2 replies: not graded here, and without a verdict" in done.out
        assert "1 line has 0 of 2 replies: not graded here, and without a verdict" in done.out
    assert harness(*ask, "--json").json["lacking"] == {"0 of 2 replies": 1, "1 of 2 replies": 2}


def test_a_line_says_itself_what_was_asked(imported: Callable[..., Path]) -> None:
    rows = [
        row(reply="```\nHello!\n```", prompt="Say hello, with no Markdown."),
        row(model="n", reply="```\nHello!\n```", prompt="Say hello."),
    ]
    found = {a.model: flags(a) for a in attempts(imported(rows)).values()}
    assert found == {"m": ("fences_unwanted", "no_speed"), "n": ("no_speed",)}


def test_without_tasks_nobody_knows_what_was_asked(imported: Callable[..., Path]) -> None:
    (found,) = attempts(imported([row(reply="```\nHello!\n```")])).values()
    assert found.request == {}
    assert flags(found) == ("no_speed",)


def test_options_of_grading_need_tasks(harness: Harness, write: Write, tmp_path: Path) -> None:
    path = write([row(reply="x", passed=True)])
    for option in (("--sandbox", "nothing-of-that-name"), ("--require-isolation", "container")):
        refused = harness("import", path, "--name", "r", "--out", tmp_path / "runs", *option).refused()
        assert "without tasks nothing is graded here" in refused
    assert not (tmp_path / "runs").exists()
    done = harness("import", path, "--name", "r", "--out", tmp_path / "runs", "--quiet")
    assert "1 reply of 1 model to 1 task, 0 of them graded here; 0 judgments" in done.out
