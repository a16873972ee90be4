"""What `harness run` says where there are judgments: one table for code and chat."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.ended import document
from harness.cli.tables import show_summary
from harness.judging.analysis.whole import judged
from harness.rundir import RunPaths
from harness.stats.summary import summarise
from harness.types import Attempt, Kind, Outcome, Verdict
from tests.judging.making import Bench


def attempt(task: str, model: str, kind: Kind, outcome: Outcome) -> Attempt:
    return Attempt(
        task=task, suite="s", category="c", kind=kind, model=model, repeat=0, attempt=0, seed=0, solver="single_shot",
        verdict=Verdict(outcome=outcome, points=outcome is Outcome.passed, max_points=1),
    )  # fmt: skip


def done(bench: Bench) -> Any:
    """A code task and a conversation for two models, as a run ends."""
    rows = [
        attempt("s/code", "m", "function", Outcome.passed), attempt("s/code", "n", "function", Outcome.wrong_answer),
        attempt("s/chat", "m", "conversation", Outcome.passed), attempt("s/chat", "n", "conversation", Outcome.passed),
    ]  # fmt: skip
    plan = SimpleNamespace(name="r", paths=RunPaths(Path("runs/r")), profiles={})
    found = judged(bench.judgments, bench.marked, labels=bench.labels)
    return SimpleNamespace(
        summary=summarise(rows),
        plan=plan,
        incomplete=[],
        judged=found,
        judges={},
        conflicts={},
        left_open={},
        without_flag={},
    )


def asked() -> Bench:
    bench = Bench()
    bench.ask("j", "s/chat", {"m": {"score": 8, "rank": 1}, "n": {"score": 6, "rank": 2}})
    bench.ask("j", "s/code", {"m": {}}, reason="truncated")
    return bench


def test_the_document() -> None:
    found = document(done(asked()))["models"]
    judged_m = found["m"]["judged"]
    assert set(judged_m) == {"mode", "mean", "wins", "comparisons", "unscored"}
    assert judged_m["mean"]["value"] == pytest.approx(40)
    assert (judged_m["mode"], judged_m["wins"], judged_m["comparisons"], judged_m["unscored"]) == ("listwise", 1, 1, 1)
    assert found["n"]["judged"]["unscored"] == 0
    assert document(done(Bench()))["models"]["m"]["judged"] is None


def test_one_table_for_code_and_chat(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(done(asked()))
    out = capsys.readouterr().out
    assert "judges, of 50" in out
    cells = {row[2]: [cell.strip() for cell in row.split("│")] for row in out.splitlines() if row[:3] in ("│ m", "│ n")}
    assert cells["m"][2] == "2"
    assert cells["m"][4].startswith("40.00 [")
    assert cells["m"][5:7] == ["1 of 1", "1"]
    assert cells["n"][5:7] == ["0 of 1", "0"]
    show_summary(done(Bench()))
    told = capsys.readouterr().out
    assert "unscored" not in told
    assert "not judged" not in told


def test_a_run_whose_judges_could_not_be_read_has_no_marks_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()
    bench.ask("j", "s/chat", {"m": {}, "n": {}}, reason="refusal")
    show_summary(done(bench))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("│ m"))
    assert [cell.strip() for cell in row.split("│")][4:7] == ["-", "-", "1"]
    found = document(done(bench))["models"]["m"]["judged"]
    assert found == {"mode": None, "mean": None, "wins": None, "comparisons": 0, "unscored": 1}


def test_judges_who_only_put_in_order_give_wins(capsys: pytest.CaptureFixture[str]) -> None:
    bench = Bench()
    bench.ask("j", "s/chat", {"m": {"rank": 1}, "n": {"rank": 2}})
    show_summary(done(bench))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("│ m"))
    assert [cell.strip() for cell in row.split("│")][4:7] == ["-", "1 of 1", "0"]
