"""What `harness run` says of agents that tried again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.ended import document
from harness.cli.tables import show_summary
from harness.rundir import RunPaths
from harness.stats.summary import summarise
from harness.types import AgentEnding, AgentRecord, Attempt, Outcome, Try, Verdict


def attempt(model: str, index: int, *outcomes: Outcome, agent: bool = True) -> Attempt:
    """An attempt whose tries had these outcomes."""
    verdicts = [Verdict(outcome=outcome, points=outcome is Outcome.passed, max_points=1) for outcome in outcomes]
    earlier = tuple(Try(candidate=None, verdict=verdict, told="") for verdict in verdicts[:-1])
    record = AgentRecord(agent="aider", ending=AgentEnding.finished, earlier=earlier) if agent else None
    return Attempt(
        task="s/t", suite="s", category="c", kind="workspace", model=model, repeat=0, attempt=index, seed=0,
        solver="aider", verdict=verdicts[-1], agent=record,
    )  # fmt: skip


def done(*attempts: Attempt) -> Any:
    """What a run ends with."""
    config = SimpleNamespace(select="verifier")
    plan = SimpleNamespace(name="r", paths=RunPaths(Path("runs/r")), profiles={}, config=config)
    return SimpleNamespace(summary=summarise(attempts), plan=plan, incomplete=[], judged=None, judges={}, conflicts={})


AGAIN = attempt("m", 0, Outcome.wrong_answer, Outcome.passed)
ONCE = attempt("m", 1, Outcome.wrong_answer)
PLAIN = attempt("n", 0, Outcome.passed, agent=False)


def test_the_document() -> None:
    found = document(done(AGAIN, ONCE, PLAIN))["models"]
    assert (found["m"]["first_try"]["value"], found["m"]["pass_at_1"]["value"]) == (0, 0.5)
    assert set(found["m"]["first_try"]) == {"value", "low", "high", "n"}
    assert found["n"]["first_try"] is None
    same = document(done(ONCE))["models"]["m"]
    assert same["first_try"] == same["pass_at_1"]


def test_the_table_has_a_column_where_somebody_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(done(AGAIN, ONCE, PLAIN))
    out = capsys.readouterr().out
    assert "first try" in out.splitlines()[2]
    cells = {row.split()[0]: row for row in out.splitlines() if row.startswith(("│ m", "│ n")) for row in [row[2:]]}
    assert [cell.strip() for cell in cells["m"].split("│")][2:4] == ["0% [0, 66]", "50% [3, 97]"]
    assert cells["n"].split("│")[2].strip() == "-"
    assert "before an agent was told which hidden tests failed" in out
    for rows in ((ONCE,), (PLAIN,), (ONCE, PLAIN)):
        show_summary(done(*rows))
        assert "first try" not in capsys.readouterr().out
