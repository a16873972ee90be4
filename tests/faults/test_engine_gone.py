"""The engine dies, restarts, hangs, or never comes back, while commands are under way."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import ROUNDS, Start, Verdicts, under_way
from tests.servers.dockerd import PrivateEngine, wait_until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300 * max(1, ROUNDS))]
AWAY = "waiting up to"
BACK = "the container engine works again"


@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize(("isolation", "everything", "away_s"), [("candidate", False, 0.5), ("task", True, 5)])
def test_grade_outlives_an_engine_that_is_killed_and_started_again(
    victim: PrivateEngine, grade: Start, calm: Verdicts, isolation: str, everything: bool, away_s: float, number: int
) -> None:
    rng = random.Random(f"{isolation} {number}")
    before = victim.holdings()
    command = grade(isolation)
    under_way(command, victim, rng)
    victim.kill(everything=everything)
    time.sleep(away_s)
    victim.start()
    done = command.ended()
    assert done.code == 0, done.err
    assert done.verdicts == calm
    assert done.err.count(AWAY) == done.err.count(BACK) >= 1, done.err
    assert victim.holdings() == before


@pytest.mark.parametrize("number", range(ROUNDS))
def test_run_outlives_an_engine_that_is_restarted(
    victim: PrivateEngine, run: Start, whole: Callable[[], None], number: int
) -> None:
    rng = random.Random(number)
    before = victim.holdings()
    command = run()
    under_way(command, victim, rng)
    victim.restart()
    done = command.ended()
    assert done.code == 0, done.err
    assert done.err.count(AWAY) == done.err.count(BACK) >= 1, done.err
    whole()
    assert victim.holdings() == before


def test_an_engine_that_never_comes_back_ends_a_run_which_is_completed_later(
    victim: PrivateEngine, run: Start, rows: Callable[[], list[dict[str, Any]]], whole: Callable[[], None]
) -> None:
    before = victim.holdings()
    command = run(HARNESS_ENGINE_WAIT_S="2")
    wait_until(lambda: len(rows()) >= 4, 60)
    victim.kill(everything=True)
    done = command.ended()
    assert done.code == 1
    assert (
        "not complete: sandbox: 5 attempts in a row could not be graded: the container engine is out of order for"
        in done.err
    )
    outcomes = [row["verdict"]["outcome"] for row in rows()]
    assert set(outcomes) == {"passed", "infra_error"}
    assert f"not complete: reference: {outcomes.count('infra_error')} attempts ended as infra error" in done.err
    without = run()  # no engine at all
    assert "no container engine answers at" in without.ended().err
    victim.start()
    assert run().ended().code == 0
    whole()
    assert victim.holdings() == before


def test_an_engine_that_never_comes_back_ends_a_grade_with_every_record(
    victim: PrivateEngine, grade: Start, calm: Verdicts
) -> None:
    command = grade("candidate", HARNESS_ENGINE_WAIT_S="2")
    under_way(command, victim, random.Random(7))
    victim.kill(everything=True)
    done = command.ended()
    assert done.code == 1
    assert len(done.verdicts) == len(calm)
    failed = [item for item in done.verdicts if item[2] == "infra_error"]
    assert failed
    assert set(done.verdicts) - set(failed) <= set(calm)
    assert f"the sandbox failed on {len(failed)} candidates: the container engine is out of order for" in done.err


def test_an_engine_that_hangs_for_some_seconds_changes_no_verdict(
    victim: PrivateEngine, grade: Start, calm: Verdicts
) -> None:
    before = victim.holdings()
    command = grade("candidate", HARNESS_ENGINE_WAIT_S="20")
    under_way(command, victim, random.Random(2))
    for _ in range(ROUNDS):
        victim.stop()
        time.sleep(3)  # how long it hangs
        victim.go_on()
        time.sleep(0.2)
    done = command.ended()
    assert done.code == 0, done.err
    assert done.verdicts == calm
    assert victim.holdings() == before


def test_an_engine_that_hangs_longer_than_a_call_may_take_is_waited_for(
    victim: PrivateEngine, grade: Start, calm: Verdicts
) -> None:
    before = victim.holdings()
    command = grade("candidate", HARNESS_ENGINE_WAIT_S="5")  # five seconds a call, so that this is given up for good
    under_way(command, victim, random.Random(3))
    victim.stop()
    time.sleep(7)  # how long it hangs
    victim.go_on()
    done = command.ended()
    failed = [item for item in done.verdicts if item[2] == "infra_error"]
    assert done.code == (1 if failed else 0), done.err
    assert len(done.verdicts) == len(calm)
    assert set(done.verdicts) - set(failed) <= set(calm)
    # Also containers whose making was asked for, and answered when nobody listened any more.
    wait_until(lambda: victim.holdings() == before, 20)


def test_an_engine_that_never_answers_again_ends_a_grade_with_every_record(
    victim: PrivateEngine, started: Start, tmp_path: Path
) -> None:
    task = tmp_path / "task"
    task.mkdir()
    (task / "task.yaml").write_text("kind: function\nentry: f\nsignature: 'def f(n):'\nlimits: {timeout_s: 0.3}\n")
    (task / "instruction.md").write_text("Return n.\n")
    (task / "cases.yaml").write_text("- call: f(1)\n  returns: 1\n  visible: true\n- call: f(2)\n  returns: 2\n")
    (task / "reference.py").write_text("def f(n):\n    return n\n")
    (tmp_path / "c.jsonl").write_text('{"task": "task", "code": "def f(n):\\n    return n\\n"}\n' * 300)
    arguments = ("--candidates", tmp_path / "c.jsonl", "--isolation", "candidate", "--json", "--sandbox", "docker")
    command = started("grade", task, *arguments, HARNESS_ENGINE_WAIT_S="5")
    under_way(command, victim, random.Random(4))
    victim.stop()
    done = command.ended()
    assert done.code == 1
    outcomes = Counter(item[2] for item in done.verdicts)
    assert set(outcomes) == {"passed", "infra_error"}
    assert outcomes.total() == 300
    assert (
        f"the sandbox failed on {outcomes['infra_error']} candidates: the container engine is out of order for"
        in done.err
    )
    assert "containers are left to the next start of harness" in done.err
