"""Flags of replies in the report of a run."""

from __future__ import annotations

from dataclasses import replace

from harness.content import load_module
from harness.stats.inputs import ReportInput
from harness.stats.pathologies import FLAGS
from tests.stats.compare.made import attempt

render = load_module("reports", "render")


def report(run: ReportInput) -> str:
    text: str = render.html(render.build(run))
    return text


def test_loops_are_counted_and_shown_with_their_attempt() -> None:
    rows = [attempt("m", "s/t", score=0, reply="ha" * 2000), attempt("m", "s/t", index=1)]
    run = ReportInput(name="r", attempts=rows)
    text = report(run)
    assert "attempts that end in repeating themselves" in text
    assert "it ends in a loop" in text
    assert "it ends in a loop" not in report(replace(run, attempts=rows[1:]))
    assert "flag_repetition,1," in render.scores_csv(render.build(run))


def test_every_flag_has_a_row() -> None:
    text = report(ReportInput(name="r", attempts=[attempt("m", "s/t")]))
    rows = ["Empty replies", "Thinking only", "Cut by length", "Loops", "Prompt echoes", "Unwanted fences", "No speed"]
    rows += ["One answer only", "Duplicates", "Two minds"]
    assert len(rows) == len(FLAGS)
    assert all(f">{row}<" in text for row in rows)
