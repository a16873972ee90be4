"""Transcript and counts: kept within bounds, and nothing an agent sends breaks them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.solvers.agents.recorder import TRANSCRIPT, Recorder


def test_a_transcript_is_kept_up_to_its_limit_and_says_so() -> None:
    recorder = Recorder()
    recorder.said(b"begin \xff ")
    recorder.said(b"x" * TRANSCRIPT)
    recorder.said(b"end")
    kept = recorder.transcript()
    assert kept.startswith("begin \ufffd xxx")
    assert kept.endswith("[11 more bytes]\n")


def test_events_are_counted() -> None:
    recorder = Recorder()
    for event in (
        {"event": "turn"},
        {"event": "edited", "files": ["a"], "malformed": False},
        {"event": "edited", "files": [], "malformed": True},
        {"event": "tested", "outcome": "failed"},
        {"event": "tested", "outcome": "passed"},
        {"event": "done", "reflections": 2, "malformed": 1, "exhausted": 0, "errors": 1, "asks": 3},
        {"event": "done", "reflections": 1, "malformed": 4, "lint_passed": False},
    ):
        recorder.event(event)
    assert recorder.counts["turns"] == 1
    assert (recorder.counts["edits"], recorder.counts["edit_errors"]) == (1, 1)
    assert (recorder.counts["test_runs"], recorder.counts["tests_failed"]) == (2, 1)
    # Reflections begin anew with each message, the others are of the whole conversation.
    assert (recorder.counts["reflections"], recorder.counts["malformed"]) == (3, 4)
    assert (recorder.counts["lint_runs"], recorder.counts["lint_failed"]) == (1, 1)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": None},
        {"event": ["turn"]},
        {"event": "done", "reflections": -1, "malformed": True, "errors": 10**30, "asks": "many", "exhausted": None},
        {"event": "edited", "files": 7, "malformed": "yes"},
        {"event": "tested"},
    ],
)
def test_events_that_make_no_sense_break_nothing(event: dict[str, Any]) -> None:
    recorder = Recorder()
    recorder.event(event)
    assert all(0 <= number < 10**6 for number in recorder.counts.values())
