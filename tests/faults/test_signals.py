"""SIGINT, SIGTERM, SIGHUP and SIGKILL at any moment (SIGKILL of `run` also in tests/e2e/test_kill.py)."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import ROUNDS, Command, Start, Verdicts, under_way
from tests.servers.dockerd import PrivateEngine

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300 * max(1, ROUNDS))]
POLITE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def ends_by(command: Command, number: signal.Signals, said: str = "interrupted") -> bool:
    """Send it, and check how the command ends; whether it came in time."""
    command.process.send_signal(number)
    done = command.ended()
    if done.code != 0:  # else it was done before the signal came
        assert done.code == 128 + number, done
        assert done.out == ""
        assert done.err.splitlines()[-1] == said
    return done.code != 0


def test_signals_at_random_moments_leave_a_run_that_resumes_and_no_container(
    victim: PrivateEngine, run: Start, whole: Callable[[], None]
) -> None:
    rng = random.Random(8)
    before = victim.holdings()
    interrupted = 0
    for number in POLITE * ROUNDS:
        command = run()
        under_way(command, victim, rng, 0.6)
        interrupted += ends_by(command, number, "interrupted: the same command resumes")
        assert victim.holdings() == before
    assert interrupted >= 2
    assert run().ended().code == 0
    whole()


def test_signals_at_random_moments_of_a_grade_leave_nothing(
    victim: PrivateEngine, grade: Start, calm: Verdicts
) -> None:
    rng = random.Random(9)
    before = victim.holdings()
    interrupted = 0
    for number in POLITE * ROUNDS:
        command = grade(rng.choice(["candidate", "task"]))
        under_way(command, victim, rng)
        interrupted += ends_by(command, number)
        assert victim.holdings() == before
    assert interrupted >= 2
    killed = grade("task")
    under_way(killed, victim, rng)
    killed.process.kill()
    killed.process.communicate()
    again = grade("task").ended()
    assert again.verdicts == calm
    assert victim.holdings() == before


def test_a_signal_at_the_very_start_is_no_traceback(victim: PrivateEngine, grade: Start) -> None:
    rng = random.Random(10)
    before = victim.holdings()
    for number in (signal.SIGTERM, signal.SIGINT) * ROUNDS:
        command = grade("task")
        time.sleep(rng.uniform(0.6, 1.2))  # the moment that is drawn, from the imports to the first containers
        command.process.send_signal(number)
        out, err = command.process.communicate(timeout=60)
        # Until the first line of ours runs, Python's own handling holds: no container is there yet.
        assert command.process.returncode in (128 + number, -number), (out, err)
        assert victim.holdings() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_command_that_cannot_clean_up(
    victim: PrivateEngine, grade: Start, number: signal.Signals
) -> None:
    command = grade("candidate")
    under_way(command, victim, random.Random(11))
    victim.stop()
    command.process.send_signal(number)
    time.sleep(1)  # a second wish, not the same one twice
    assert command.running, "it still waits for its engine to remove containers"
    command.process.send_signal(number)
    done = command.ended(10)
    assert done.code == 128 + number
    assert "ended at once: the next start of harness removes what is left" in done.err
