"""`harness import`: recorded replies and results become a run; nothing is kept of a file with one wrong line."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.cli.progress import Lines
from harness.importing.load import Order, load
from harness.judging.questions import comparisons, label
from harness.readback import load_report_input
from harness.stats.pathologies import flags
from harness.store import Store
from harness.tasks import load_tasks
from harness.types import DIMENSIONS, Attempt, Outcome
from tests.cli.conftest import Harness

Write = Callable[[Sequence[dict[str, Any]]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Rows -> a file of them."""

    def written(rows: Sequence[dict[str, Any]], name: str = "r.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return written


@pytest.fixture
def imported(harness: Harness, write: Write, tmp_path: Path) -> Callable[..., Path]:
    """Import rows as the run `r`; its directory."""

    def made(rows: Sequence[dict[str, Any]], *more: object) -> Path:
        done = harness("import", write(rows), "--name", "r", "--out", tmp_path / "runs", "--quiet", *more)
        assert done.code == 0, done
        return tmp_path / "runs" / "r"

    return made


def attempts(directory: Path) -> dict[tuple[str, str, int, int], Attempt]:
    with Store(directory, write=False) as store:
        return {(a.task, a.model, a.repeat, a.attempt): a for a in store.attempts()}


def row(task: str = "s/t", model: str = "m", **keys: Any) -> dict[str, Any]:
    return {"task": task, "model": model, **keys}


def test_what_a_line_becomes(imported: Callable[..., Path]) -> None:
    rows = [
        row(reply="hi", thinking="hm", finish_reason="stop", tokens=3, prompt_tokens=9, seconds=1.5, category="c",
            cost_usd=0.25, role="draft", family="f"),
        row(model="m", reply="hi"),
        row(task="u", repeat=2, attempt=1, score=2, max_score=3),
        row(task="u", attempt=1, passed=True),
        row(task="u", attempt=2, outcome="timeout"),
        row(task="u", attempt=3, error="503 from the server"),
    ]  # fmt: skip
    directory = imported(rows)
    found = attempts(directory)
    first = found["s/t", "m (draft)", 0, 0]
    assert (first.suite, first.category, first.kind, first.cost_usd, first.solver) == (
        "s", "c", "conversation", 0.25, "imported",
    )  # fmt: skip
    assert first.reply is not None
    assert (first.reply.text, first.reply.thinking, first.reply.finish_reason) == ("hi", "hm", "stop")
    assert (first.reply.usage.completion_tokens, first.reply.usage.prompt_tokens, first.reply.seconds) == (3, 9, 1.5)
    assert first.outcome is Outcome.unscored
    assert first.verdict is not None
    assert first.verdict.assurance == "recorded"
    # The same reply has the same candidate, whoever gave it.
    assert first.candidate_hash == found["s/t", "m", 0, 0].candidate_hash != ""
    scored = found["u", "m", 2, 1].verdict
    assert scored is not None
    assert (scored.points, scored.max_points, scored.outcome) == (2.0, 3.0, Outcome.wrong_answer)
    assert found["u", "m", 0, 1].outcome is Outcome.passed
    assert found["u", "m", 0, 2].outcome is Outcome.timeout
    failed = found["u", "m", 0, 3]
    assert (failed.verdict, failed.reply, failed.error) == (None, None, "503 from the server")
    assert json.loads((directory / "manifest.json").read_text())["imported"]["replies"] == 6
    # A role is a manner of one model: it has the family of the model.
    assert load_report_input(directory).families == {"m (draft)": "f", "m": "f"}
    assert (directory / "report.html").is_file()
    assert len((directory / "raw.jsonl").read_text().splitlines()) == 6


def test_one_name_in_two_roles_is_two_models(imported: Callable[..., Path]) -> None:
    directory = imported([row(role="a", passed=True), row(role="b", passed=False), row(passed=True)])
    assert {model for _, model, _, _ in attempts(directory)} == {"m (a)", "m (b)", "m"}


def test_unscored_is_in_no_rate(imported: Callable[..., Path]) -> None:
    rows = [row(task=f"t{n}", reply="?") for n in range(3)]
    directory = imported([*rows, row(task="t3", passed=True), row(task="t4", passed=False)])
    counts = [a.outcome for a in attempts(directory).values() if a.outcome.counts]
    assert sorted(counts) == [Outcome.passed, Outcome.wrong_answer]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(reply="a"), row(task="u"), row(reply="b")], ":3: m has task s/t, repeat 0, attempt 0 already: "),
        ([row(model="m (x)"), row(model="m", role="x", task="u")], ":2: model: 'm (x)' would be two models"),
        ([row(family="a"), row(task="u", family="b")], ":2: family: m was 'a' before, now 'b'"),
        ([row(category="a"), row(model="n", category="b")], ":2: category: task s/t had 'a' before, now 'b'"),
        ([{"task": "t", "judge": "J", "winner": "m"}], "no reply in"),
        ([row(), {"task": "t", "judge": "J", "winner": "m"}], ":2: task: nobody has a line for task t, repeat 0"),
        ([row(), {"task": "s/t", "judge": "J", "winner": "n"}], ":2: winner: n is without a line"),
        ([row(), {"task": "s/t", "judge": "J", "ranking": ["m", "m"]}], ":2: ranking: m stands there twice"),
        (
            [row(), *[{"task": "s/t", "judge": "J", "winner": "m"}] * 2],
            ":3: J was asked the same already: ",
        ),
        (
            [row(role="a"), row(role="b"), {"task": "s/t", "judge": "J", "winner": "m"}],
            ":3: winner: m is in several roles: m (a), m (b)",
        ),
        (
            [row(), row(model="n"), {"task": "s/t", "judge": "J", "ranking": ["m"], "passes": {"n": True}}],
            ":3: passes: expected exactly m, found n",
        ),
        ([row(), {"task": "s/t", "judge": "J", "model": "m", "attempt": 3, "rubric": 1}], ":2: attempt: m has no"),
    ],
)
def test_a_wrong_line_leaves_nothing(
    harness: Harness, write: Write, tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    path = write(rows)
    told = harness("import", path, "--name", "r", "--out", tmp_path / "runs").refused()
    assert said in told
    assert str(path) in told
    assert not (tmp_path / "runs").exists()


def test_judgments_are_like_others(imported: Callable[..., Path]) -> None:
    five = dict.fromkeys(DIMENSIONS, 4)
    directory = imported([
        *[row(model=model, reply=model * 3) for model in "abc"],
        {"task": "s/t", "judge": "J", "winner": "b", "note": "short"},
        {"task": "s/t", "judge": "K", "ranking": ["c", ["a", "b"]], "scores": dict.fromkeys("abc", five)},
        {"task": "s/t", "judge": "K", "model": "a", "rubric": 3},
        {"task": "s/t", "judge": "J", "ranking": ["a", "c"], "passes": {"a": True, "c": False}},
    ])  # fmt: skip
    report = load_report_input(directory)
    marks = {(m.judge, m.mode, m.of, m.model): m.mark for m in report.marked}
    assert {m: marks["import:J", "listwise", 3, m].rank for m in "abc"} == {"a": 2, "b": 1, "c": 2}
    assert {m: marks["import:K", "listwise", 3, m].rank for m in "abc"} == {"a": 2, "b": 2, "c": 1}
    assert marks["import:K", "listwise", 3, "a"].scores == five
    assert marks["import:K", "rubric", 1, "a"].rubric == 3
    assert marks["import:J", "listwise", 2, "c"].passes is False
    # People's and other systems' verdicts count; where they say nothing, nothing changes.
    outcomes = {a.model: a.outcome for a in report.attempts}
    assert outcomes == {"a": Outcome.passed, "b": Outcome.unscored, "c": Outcome.wrong_answer}
    (listwise,) = [j for j in report.judgments if j.judge == "import:J" and len(j.labels) == 3]
    assert (listwise.reply, listwise.request, listwise.labels) == (None, {}, tuple(map(label, range(3))))


def test_attempts_without_a_verdict_are_in_the_table(harness: Harness, write: Write, tmp_path: Path) -> None:
    """Of four attempts three had no reply: `12 passed` alone would look like all of them."""
    rows = [
        row(f"s/t{t}", attempt=i, **({"error": "boom"} if i else {"passed": True})) for t in range(12) for i in range(4)
    ]
    done = harness("import", write(rows), "--name", "r", "--out", tmp_path / "runs", "--quiet")
    assert "12 passed, 36 failed" in done.out


def test_the_same_again_does_nothing(harness: Harness, write: Write, imported: Callable[..., Path]) -> None:
    rows = [row(reply="a"), {"task": "s/t", "judge": "J", "winner": "m"}]
    directory = imported(rows)
    before = attempts(directory)
    again = harness("import", write(rows), "--name", "r", "--out", directory.parent, "--json", "--quiet")
    assert again.json["unchanged"] is True
    assert attempts(directory) == before
    other = write([row(reply="b")])
    told = harness("import", other, "--name", "r", "--out", directory.parent).refused()
    assert "was imported from other content" in told
    assert attempts(directory) == before
    done = harness("import", other, "--name", "r", "--out", directory.parent, "--replace", "--json", "--quiet")
    assert done.json["unchanged"] is False
    (only,) = attempts(directory).values()
    assert only.reply is not None
    assert only.reply.text == "b"
    with Store(directory, write=False) as store:
        assert list(store.judgments()) == []


def test_a_run_that_called_models_is_never_replaced(harness: Harness, write: Write, tmp_path: Path) -> None:
    with Store(tmp_path / "r") as store:
        store.set_fact("identity", {"models": ["m"]})
    told = harness("import", write([row()]), "--name", "r", "--out", tmp_path, "--replace").refused()
    assert "is a run that was not imported" in told
    with Store(tmp_path / "r", write=False) as store:
        assert store.fact("identity") == {"models": ["m"]}


def test_what_cannot_be_read(harness: Harness, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in harness("import", tmp_path / "pipe", "--name", "r", "--out", tmp_path).refused()
    assert "cannot be read" in harness("import", tmp_path / "gone", "--name", "r", "--out", tmp_path).refused()
    (tmp_path / "r.jsonl").write_text(json.dumps(row()))
    assert "cannot be the name" in harness("import", tmp_path / "r.jsonl", "--name", "../r").refused()
    assert "Missing option" in harness("import", tmp_path / "r.jsonl").refused()


RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


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


def test_tasks_that_nobody_knows(harness: Harness, root: Path, write: Write, tmp_path: Path) -> None:
    suite = root / "fixtures" / "warmup"
    told = harness("import", write([row(task="ad")]), "--name", "r", "--out", tmp_path / "o", "--tasks", suite)
    assert ":1: task: no task 'ad'" in told.refused()
    wrong = write([row(task="add", kind="workspace")])
    told = harness("import", wrong, "--name", "r", "--out", tmp_path / "o", "--tasks", suite)
    assert ":1: kind: the task is of kind function, not workspace" in told.refused()


def test_many_lines_are_streamed(harness: Harness, imported: Callable[..., Path]) -> None:
    rows = [row(task=f"t{n % 50}", model=f"m{n // 1000}", repeat=n // 50 % 20, passed=n % 3 == 0) for n in range(3000)]
    directory = imported(rows)
    assert len(attempts(directory)) == 3000


def test_an_import_that_was_interrupted_goes_on(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(task=f"t{n}", passed=True) for n in range(7)]
    rows += [{"task": "t0", "judge": "J", "winner": "m"}]
    monkeypatch.setattr("harness.importing.load.TOGETHER", 2)
    order = Order((write(rows),), "r", out=tmp_path)

    class Impatient(Lines):
        def attempt(self, attempt: Attempt) -> None:
            super().attempt(attempt)
            if self.ended == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(order, Impatient(quiet=True))
    assert len(attempts(tmp_path / "r")) == 4  # two groups, each of them whole
    again = Lines(quiet=True)
    done = load(order, again)
    assert (again.before, again.ended, done.unchanged) == (4, 3, False)
    assert len(attempts(tmp_path / "r")) == 7
    assert len(load_report_input(tmp_path / "r").marked) == 1
    assert load(order, Lines(quiet=True)).unchanged


def test_who_says_nothing_of_a_reply_changes_nothing(imported: Callable[..., Path]) -> None:
    directory = imported([
        row(passed=True, reply="a"), row(model="n", passed=False, reply="b"), row(model="o", reply="c"),
        {"task": "s/t", "judge": "J", "ranking": ["n", "m", "o"]},
        {"task": "s/t", "judge": "K", "model": "o", "rubric": 3},
    ])  # fmt: skip
    outcomes = {attempt.model: attempt.outcome for attempt in load_report_input(directory).attempts}
    assert outcomes == {"m": Outcome.passed, "n": Outcome.wrong_answer, "o": Outcome.passed}


def test_winners_alone_can_be_compared(harness: Harness, write: Write, tmp_path: Path) -> None:
    winners = {"one": "aabbc", "two": "aabca", "three": "abaca"}
    for name, won in winners.items():
        rows = [row(task=f"t{n}", model=model) for n in range(5) for model in "abcd"]
        rows += [{"task": f"t{n}", "judge": "J", "winner": model} for n, model in enumerate(won)]
        assert harness("import", write(rows), "--name", name, "--out", tmp_path, "--quiet").code == 0
    found = harness("compare", *(tmp_path / name for name in winners), "--metric", "wins", "--json").json
    assert {item["model"]: item["values"] for item in found["spread"]} == {
        model: [float(won.count(model)) for won in winners.values()] for model in "abcd"
    }
    assert "no attempt of these runs has been graded" in harness("compare", tmp_path / "one").refused()


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
