"""Tables on stdout: what is not ours cannot leave its cell."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest

from harness.cli.tables import printable, show, show_judges, show_summary, table
from harness.config import RunConfig
from harness.judges import Counts
from harness.rundir import RunPaths
from harness.stats.summary import summarise
from harness.types import Attempt, CaseResult, Outcome, Verdict
from tests.cli.conftest import Harness

ODD = "new\nline\x1b[31m [red]x[/red] :smile:"
SHOWN = "new?line?[31m [red]x[/red] :smile:"


def test_a_name_stays_in_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    made = table("t", "model", "n")
    made.add_row(ODD, "1")
    made.add_row("plain", "2")
    show(made)
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    assert len(rows) == 2
    assert SHOWN in rows[0]


def test_everything_inside_is_made_printable() -> None:
    assert printable({"a\n": ["b\x07", ("c", 1)]}) == {"a?": ["b?", ["c", 1]]}


def test_the_list_of_models_holds_any_name(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text('models: {"new\\nline [red]x": {provider: reference, note: n}}\n')
    out = harness("models", "--catalogue", tmp_path / "models.yaml").out
    assert out.count("new?line [red]x") == 2, "in the table and before its note"
    assert "new\nline" not in out


def test_a_rate_that_leans_is_said_under_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    met = CaseResult(id="max_words", outcome=Outcome.passed, points=1)
    told = {"wrong": Verdict(outcome=Outcome.wrong_answer), "waits": Verdict(outcome=Outcome.unscored, cases=(met,))}
    rows = [
        Attempt(task=name, suite="s", category="c", kind="conversation", model="m", repeat=0, attempt=0, seed=0,
                solver="conversation", verdict=verdict)
        for name, verdict in told.items()
    ]  # fmt: skip
    plan = SimpleNamespace(name="r", paths=RunPaths(Path("runs/r")), profiles={})
    done = SimpleNamespace(
        summary=summarise(rows), plan=plan, incomplete=[], judged=None, judges={}, conflicts={}, left_open={},
        without_flag={},
    )  # fmt: skip
    show_summary(done)
    assert "m: pass@1 leans low" in (out := capsys.readouterr().out)
    assert "await a judge; if all of these passed it would be 50%" in out
    # Judges have marked it, and none says whether it passes: more waiting helps nobody.
    done.left_open, done.without_flag, done.judges = {"m": 1}, {"ann": 1}, {"ann": Counts(accepted=1)}
    show_summary(done)
    assert "have no verdict of the judges; if all of these" in (out := capsys.readouterr().out)
    assert "await" not in out
    show_judges(done)
    out = capsys.readouterr().out
    assert "ann: 1 reading about conversations has no pass flag" in out
    assert "m: 1 judged reply has no verdict of the judges" in out


@pytest.mark.parametrize("method", get_args(RunConfig.model_fields["select"].annotation))
def test_what_selected_rests_on_is_said(capsys: pytest.CaptureFixture[str], method: str) -> None:
    rows = [
        Attempt(task="t", suite="s", category="c", kind="function", model="m", repeat=0, attempt=number, seed=0,
                solver="single_shot", verdict=Verdict(outcome=Outcome.passed, points=1, max_points=1))
        for number in range(2)
    ]  # fmt: skip
    plan = SimpleNamespace(name="r", paths=RunPaths(Path("runs/r")), profiles={}, config=SimpleNamespace(select=method))
    show_summary(SimpleNamespace(summary=summarise(rows), plan=plan, judged=None, left_open={}))
    (told,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("selected: ")]
    assert told.startswith("selected: chosen on visible cases only;") == (method == "verifier")
    assert ("by judges" in told) == (method == "judge")
    assert "oracle: the best attempt by the hidden cases" in told


def test_who_never_replied_has_favoured_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    plan = SimpleNamespace(name="r", paths=RunPaths(Path("runs/r")), profiles={})
    judges = {"ann": Counts(failed=3), "bob": Counts(rejected=1)}
    kin = {"m": "is of the same family, qwen"}
    show_judges(
        SimpleNamespace(plan=plan, judges=judges, conflicts={"ann": kin, "bob": kin}, left_open={}, without_flag={})
    )
    out = capsys.readouterr().out
    assert "bob is not impartial to m" in out
    assert "ann is not impartial" not in out
