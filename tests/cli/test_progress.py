"""What a person sees of a run's progress without a terminal."""

from __future__ import annotations

import pytest

from harness.cli import progress
from harness.types import Attempt, Outcome
from tests.cli.test_first_try import attempt


@pytest.fixture
def one() -> Attempt:
    return attempt("m", 0, Outcome.passed)


@pytest.mark.parametrize("every_s", [0.0, 3600.0], ids=["a line each", "no line between"])
def test_the_last_line_is_told_once(
    one: Attempt, every_s: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", every_s)
    with progress.Lines(quiet=False) as shown:
        shown.begin(2, 0, 0.0)
        shown.attempt(one)
        shown.attempt(one)
        shown.begin(1, 0, 0.0, "thing")
        shown.attempt(one)
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("2/2 attempts") for line in lines) == 1
    assert sum(line.startswith("1/1 thing") for line in lines) == 1
    assert sum(line.startswith("1/2 attempts") for line in lines) == (not every_s)


def test_nothing_done_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Lines(quiet=False) as shown:
        shown.begin(4, 4, 0.0)
    assert capsys.readouterr().err.splitlines() == ["4 attempts, 4 of them done already"]
