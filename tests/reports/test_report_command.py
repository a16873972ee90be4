"""`harness report`. Reading a run directory back is the runner's, and tested there: here a made-up run stands in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import harness.readback
from harness.cli.report import FORMATS, command
from harness.content import load_module
from harness.errors import UsageError
from harness.stats.inputs import ReportInput


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synthetic: Callable[..., ReportInput]) -> Path:
    monkeypatch.setattr(harness.readback, "load_report_input", lambda path: synthetic(2))
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "runs" / "one"
    directory.mkdir(parents=True)
    return directory


def call(*words: str) -> list[str]:
    done = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [Path(line).name for line in done.output.splitlines()]


def test_writes_beside_the_run(run: Path) -> None:
    assert call("one") == ["report.html", "report.md", "scores.csv", "scores.json"]
    assert (run / "report.html").is_file()


def test_formats_and_place(run: Path, tmp_path: Path) -> None:
    assert call(str(run), "--format", "json, md", "--out", "there") == ["report.md", "scores.json"]
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["report.md", "scores.json"]
    assert not (run / "report.html").exists()


def test_several_runs_get_a_directory_each(run: Path, tmp_path: Path) -> None:
    (tmp_path / "runs" / "two").mkdir()
    call("one", "two", "--out", "there", "--format", "csv")
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["one", "two"]


def test_show_hidden_is_passed_on(run: Path) -> None:
    call("one")
    assert "hidden-value-7f3a" not in (run / "report.html").read_text(encoding="utf-8")
    call("one", "--show-hidden")
    assert "hidden-value-7f3a" in (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words, message",
    [
        (["none"], "no run none"),
        (["one", "--format", "pdf"], "unknown format"),
        (["one", "--format", ","], "unknown format"),
        (["one", "runs/one", "--out", "x"], "the same name"),
    ],
)
def test_mistakes_are_said(run: Path, words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(command, words, catch_exceptions=False)


def test_formats_are_those_of_the_report() -> None:
    assert tuple(load_module("reports", "render").FORMATS) == FORMATS
