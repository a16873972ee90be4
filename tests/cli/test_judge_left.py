"""Questions that were never asked: told by command, report and scores.json until somebody asks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.store import Store
from tests.cli.conftest import Harness
from tests.judging.courtroom import Court
from tests.servers import judges
from tests.servers.scripted import scripted

QUESTIONS = 6
"""Of three tasks and two models, pairwise."""


@pytest.fixture
def court(tmp_path: Path) -> Court:
    found = Court(tmp_path)
    found.hold([(task, model, f"def clamp(): return '{model}'\n") for task in "abc" for model in ("m1", "m2")])
    return found


def left(court: Court) -> dict[str, int]:
    """Judge and mode -> questions not asked, in scores.json."""
    document: dict[str, Any] = json.loads((court.run / "scores.json").read_text())
    return {f"{one['judge']} {one['mode']}": one["not_asked"] for one in document["judges"]["coverage"]}


def test_questions_to_a_judge_that_was_given_up_are_told(harness: Harness, court: Court) -> None:
    ask = ("judge", court.run, "--catalogue", court.catalogue, "--mode", "pairwise", "--quiet")
    with scripted(judges.judging(len)) as server:
        court.judge("bob", server.url)
        assert harness(*ask, "--judge", "bob").code == 0
    with scripted(judges.fails(500)) as server:
        court.judge("ann", server.url)
        done = harness(*ask, "--judge", "ann", "--json")
        assert done.code == 1
        assert len(server.requests) == 5
    told = done.json["judges"]
    assert (told["ann"]["questions"], told["ann"]["failed"], told["ann"]["not_asked"]) == (5, 5, 1)
    assert told["bob"]["not_asked"] == 0
    assert left(court) == {"ann pairwise": 1, "bob pairwise": 0}
    for name in ("report.html", "report.md"):
        assert "Questions that were not asked: ann 1; they are in no other number." in (court.run / name).read_text()
    assert "the same command asks what is left" in (court.run / "report.html").read_text()
    assert "not asked" in harness(*ask, "--judge", "bob").out, "another judge's command tells it, too"
    with scripted(judges.judging(len)) as server:
        court.judge("ann", server.url)
        assert harness(*ask, "--judge", "ann").code == 0
        assert len(server.requests) == QUESTIONS
    assert left(court) == {"ann pairwise": 0, "bob pairwise": 0}
    for name in ("report.html", "report.md"):
        assert "Questions that were not asked" not in (court.run / name).read_text()


def test_a_judge_that_the_budget_left_nothing_for_is_told(harness: Harness, court: Court) -> None:
    ask = ("judge", court.run, "--catalogue", court.catalogue, "--quiet")
    with scripted(judges.judging(len)) as server:
        court.judge("ann", server.url, price={"input": 1.0, "output": 1.0})
        assert harness(*ask, "--judge", "ann", "--budget", "1e-9").code == 1
        assert len(server.requests) == 1
        assert left(court) == {"ann listwise": 2}
        assert harness(*ask, "--judge", "ann", "--budget", "1e-9", "--mode", "rubric").code == 1
        assert left(court) == {"ann listwise": 2, "ann rubric": 6}
    text = (court.run / "report.md").read_text()
    assert "Questions that were not asked: ann 8; they are in no other number." in text
    assert "ann, readable, rubric: too few to say: It was not asked." in text


def test_some_tasks_alone_leave_the_others_open(harness: Harness, court: Court) -> None:
    ask = ("judge", court.run, "--catalogue", court.catalogue, "--quiet", "--judge", "ann", "--mode", "pairwise")
    with scripted(judges.judging(len)) as server:
        court.judge("ann", server.url, price={"input": 1.0, "output": 1.0})
        assert harness(*ask, "--budget", "1e-9").code == 1
        assert left(court) == {"ann pairwise": QUESTIONS - 1}
        assert harness(*ask, "--task", "c").code == 0
        assert left(court) == {"ann pairwise": QUESTIONS - 3}
        # What a judging that is killed leaves is known from what it began with.
        with Store(court.run) as store:
            some = {next(iter(store.judgment_status()))}
            store.drop_judgments(some)
        assert harness("report", court.run).code == 0
        assert left(court) == {"ann pairwise": QUESTIONS - 2}
