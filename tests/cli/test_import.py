"""`harness import`: recorded replies and results become a run; nothing is kept of a file with one wrong line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli.progress import Lines
from harness.importing.load import Order, load
from harness.judging.questions import label
from harness.readback import load_report_input
from harness.store import Store
from harness.types import DIMENSIONS, Attempt, Outcome
from tests.cli.conftest import Harness
from tests.cli.recorded import Write, attempts, row


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
