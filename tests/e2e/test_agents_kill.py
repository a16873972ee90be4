"""A run of agents that is killed goes on where it was: no answered call is lost, nothing is left behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.sandbox.agents import DOORS
from tests.full import FULL
from tests.servers.scripted import Exchange, scripted
from tests.solvers.agents.workshop import AFTER, BEFORE, HALF, WIRE, Workshop, whole

if TYPE_CHECKING:
    import docker

KILLS = int(os.environ.get("AGENT_KILLS", "10" if FULL else "2"))
TASKS, BEST_OF = ("a", "b"), 2
FOLLOWS = "visible_tests/test_shown.py::test_shown"
"""Stands in a question only if the reply to the one before it had reached the agent: its tests failed."""


def converses(exchange: Exchange) -> None:
    """Wrong at first, half right then, right at the third question of a conversation."""
    text = json.dumps(exchange.request.body)
    said = text.count(f"FAILED {FOLLOWS}")
    WIRE.says(whole((BEFORE, HALF, AFTER)[min(said, 2)]))(exchange)


def ours(engine: docker.APIClient, pids: set[int]) -> list[str]:
    found = engine.containers(all=True, filters={"label": "harness.owner.pid"})
    return [item["Id"] for item in found if int(item["Labels"]["harness.owner.pid"]) in pids]


def doors(pids: set[int]) -> list[str]:
    return [path.name for pid in pids for path in Path("/tmp").glob(f"{DOORS}{pid}-*")]


def test_a_killed_run_of_agents_resumes(tmp_path: Path, engine: docker.APIClient) -> None:
    workshop = Workshop(tmp_path)
    for name in TASKS:
        workshop.task(visible=(workshop.suite / "prices/visible_tests/test_shown.py").read_text(), name=name)
    rng = random.Random(7)
    pids: set[int] = set()
    with scripted(converses) as server:
        workshop.model(server.url)
        command = [sys.executable, "-m", "harness", "run", str(workshop.suite), "--model", "m", "--solver", "aider"]
        command += ["--task", "a", "--task", "b", "--best-of", str(BEST_OF), "--out", str(tmp_path / "runs")]
        command += ["--name", "r", "--catalogue", str(tmp_path / "models.yaml"), "--json", "--quiet"]
        environment = {**os.environ, "TMPDIR": "/tmp"}
        for _ in range(KILLS):
            before = len(server.requests)
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
            )
            pids.add(process.pid)
            wanted = before + rng.randint(1, 4)
            until = time.monotonic() + 60
            while len(server.requests) < wanted and process.poll() is None and time.monotonic() < until:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            finished = process.returncode == 0
            delivered = sum(FOLLOWS in json.dumps(item.body) for item in server.requests)
            stored = [call for call in workshop.calls() if call.status == 200] if delivered else []
            assert len(stored) >= delivered, "an answered call was lost"
            if finished:
                break
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    attempts = workshop.attempts()
    assert len(attempts) == len(TASKS) * BEST_OF
    assert all(attempt.verdict and attempt.verdict.passed for attempt in attempts)
    assert len({attempt.key for attempt in attempts}) == len(attempts)
    # Each attempt's calls are those of its own session; those of killed ones stay, with the dollars they cost.
    calls = workshop.calls()
    sessions = {attempt.agent.session for attempt in attempts if attempt.agent}
    assert sum(call.session in sessions for call in calls) == 3 * len(attempts)
    until = time.monotonic() + 20
    while ours(engine, pids) and time.monotonic() < until:
        time.sleep(0.1)
    assert ours(engine, pids) == []
    assert doors(pids) == []


def test_an_interrupted_run_of_agents_ends_at_once(tmp_path: Path, engine: docker.APIClient) -> None:
    workshop = Workshop(tmp_path)

    def never(exchange: Exchange) -> None:
        exchange.until_gone()

    with scripted(never) as server:
        workshop.model(server.url)
        command = [sys.executable, "-m", "harness", "run", str(workshop.suite), "--model", "m", "--solver", "aider"]
        command += ["--out", str(tmp_path / "runs"), "--name", "r", "--catalogue", str(tmp_path / "models.yaml")]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": "/tmp"}
        )
        assert server.arrived.wait(60)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        seconds = time.monotonic() - began
        assert server.gone.wait(10)
    assert process.returncode == 130, said
    assert "the same command resumes" in said
    assert seconds < 30
    assert ours(engine, {process.pid}) == []
    assert doors({process.pid}) == []


@pytest.mark.parametrize("budget", [0.0002])
def test_a_run_whose_budget_is_spent_stops_its_agents_and_resumes(tmp_path: Path, budget: float) -> None:
    workshop = Workshop(tmp_path)
    with scripted(converses) as server:
        workshop.model(server.url)
        cut = workshop.run(budget_usd=budget)
        assert workshop.attempts() == []
        assert "budget" in cut.incomplete[0]
        # Three calls of 80 millionths of a dollar are what fits.
        assert [call.status for call in workshop.calls()][:3] == [200, 200, 200]
        whole_run = workshop.run(budget_usd=1.0)
    assert whole_run.incomplete == []
    (attempt,) = workshop.attempts()
    assert attempt.verdict is not None
    assert attempt.verdict.passed
