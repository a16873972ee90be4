"""Runs that were interrupted, and runs that are graded again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import SandboxError, StoreError, TaskError, UsageError
from harness.runner import regrade
from harness.store import Store
from harness.types import Attempt, Outcome
from tests.servers.scripted import Scripted
from tests.test_executor import ENDLESS, GOOD
from tests.test_runner import Seen, World, keys, refuses, says, server, world

if TYPE_CHECKING:
    import docker

__all__ = ["server", "world"]


# interrupted ---------------------------------------------------------------------------------------------------------


def until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.engine
def test_an_interrupted_run_ends_at_once_and_resumes(world: World, server: Scripted, engine: docker.APIClient) -> None:
    server.steps[:] = [says(GOOD), says(ENDLESS)]
    for name in ("a", "b"):
        with (world.suite / name / "task.yaml").open("a") as file:
            file.write("limits: {timeout_s: 300}\n")
    world.models(server.url, concurrency=1)
    arguments = ["run", str(world.suite), "--model", "m", "--best-of", "2", "--catalogue", str(world.catalogue)]
    command = [sys.executable, "-m", "harness", *arguments, "--out", str(world.root / "runs"), "--name", "r", "--json"]
    raw = world.root / "runs" / "r" / "raw.jsonl"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: raw.is_file() and raw.stat().st_size > 0 and len(server.requests) >= 3, process)
        owner = {"label": f"harness.owner.pid={process.pid}"}
        assert engine.containers(filters=owner)
        began = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert time.monotonic() - began < 30, "no candidate is waited for"
    assert out == ""
    assert err.splitlines()[-1] == "interrupted: the same command resumes"
    assert "Traceback" not in err
    assert engine.containers(all=True, filters=owner) == []
    assert len(world.rows()) == 1

    server.steps[:] = [says(GOOD)]
    asked = len(server.requests)
    done, seen = world.run(best_of=2)
    assert not done.incomplete
    assert seen.begun == [(4, 1, 0.0)]
    assert len(server.requests) - asked == 3
    assert set(keys(world.rows()).values()) == {1}
    assert done.summary.models[0].pass_at_1.value == 1.0


@pytest.mark.engine
def test_an_answer_that_could_not_be_graded_is_not_asked_for_again(
    world: World, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.models(server.url, concurrency=1, price={"input": 1_000_000, "output": 0})
    server.steps[:] = [says(GOOD)]
    with monkeypatch.context() as patched:
        patched.setattr("harness.sandbox.patience.PAUSES_S", ())
        patched.setattr("harness.sandbox.docker.DockerSandbox.start", out_of_order)
        done, _ = world.run()
    assert done.incomplete
    before, asked = world.rows(), len(server.requests)
    assert {row["verdict"]["outcome"] for row in before} == {"infra_error"}

    done, seen = world.run(budget_usd=0.0)
    assert not done.incomplete, "grading costs nothing"
    assert len(server.requests) == asked
    assert seen.begun[0][:2] == (len(before), 0)
    after = world.rows()
    assert {row["verdict"]["outcome"] for row in after} == {"passed"}
    for old, new in zip(before, after, strict=True):
        assert {name for name in old if old[name] != new[name]} <= {"verdict", "signature"}


def out_of_order(sandbox: object, memory_mb: int) -> None:
    """In place of a backend's `start`: the real engine serves other tests and cannot be told to fail."""
    raise SandboxError("the engine is gone")


# regrade -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def wrongly_graded(world: World, server: Scripted) -> World:
    """A run whose task `a` had a wrong case and whose second attempt at `b` failed; its model is gone since."""
    cases = world.suite / "a" / "cases.yaml"
    right = cases.read_text()
    cases.write_text(right.replace("  returns: 5\n", "  returns: 4\n"))
    world.models(server.url, concurrency=1)
    server.steps[:] = [says(GOOD)] * 3 + [refuses]
    world.run(best_of=2)
    assert [row["verdict"] and row["verdict"]["outcome"] for row in world.rows()] == [
        "wrong_answer",
        "wrong_answer",
        "passed",
        None,
    ]
    cases.write_text(right)
    world.catalogue.unlink()
    return world


@pytest.mark.engine
def test_regrading_changes_verdicts_and_keeps_replies(wrongly_graded: World, server: Scripted) -> None:
    world = wrongly_graded
    before, asked = world.rows(), len(server.requests)
    seen = Seen()
    done = regrade(world.root / "runs" / "r", "auto", seen)
    assert len(server.requests) == asked
    assert seen.begun == [(3, 0, 0.0)]
    after = world.rows()
    assert [row["verdict"] and row["verdict"]["outcome"] for row in after] == ["passed", "passed", "passed", None]
    for old, new in zip(before, after, strict=True):
        changed = {name for name in old if old[name] != new[name]}
        assert changed <= {"verdict", "task_hash", "extraction", "signature"}
    assert after[0]["task_hash"] != before[0]["task_hash"]
    (told,) = done.incomplete
    assert told.startswith("m: 1 attempt ended as provider failure, the same `harness run` tries again: ")
    assert "answered 400: out of order" in told
    assert done.summary.models[0].pass_at_1.value == 1.0
    assert "regraded" in world.fact("manifest")

    world.models(server.url)
    server.steps[:] = [says(GOOD)]
    done, seen = world.run(best_of=2)
    assert seen.begun == [(4, 3, 0.0)], "the run goes on with the repaired task"
    assert not done.incomplete


@pytest.mark.engine
def test_regrading_from_elsewhere(world: World, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    world.models(server.url)
    server.steps[:] = [says(GOOD)]
    monkeypatch.chdir(world.suite.parent)
    world.run(paths=(Path(world.suite.name),))
    elsewhere = world.root / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert not regrade(Path("../runs/r"), "auto", Seen()).incomplete


@pytest.mark.engine
def test_regrading_without_the_tasks(wrongly_graded: World) -> None:
    world = wrongly_graded
    directory = world.root / "runs" / "r"
    (world.suite / "b").rename(world.root / "b")
    with pytest.raises(UsageError, match="no longer there: s/b"):
        regrade(directory, "auto", Seen())
    shutil.rmtree(world.suite)
    with pytest.raises(TaskError, match="no such file or directory"):
        regrade(directory, "auto", Seen())
    assert world.rows()[0]["verdict"]["outcome"] == "wrong_answer"


@pytest.mark.engine
def test_regrading_that_is_interrupted_is_done_again(wrongly_graded: World) -> None:
    class Impatient(Seen):
        def attempt(self, attempt: Attempt) -> None:
            raise KeyboardInterrupt

    directory = wrongly_graded.root / "runs" / "r"
    with pytest.raises(KeyboardInterrupt):
        regrade(directory, "auto", Impatient())
    done = regrade(directory, "auto", Seen())
    assert done.summary.models[0].outcomes[Outcome.passed] == 3


def test_regrading_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store\.db"):
        regrade(tmp_path, "auto", Seen())
    assert list(tmp_path.iterdir()) == []
    Store(tmp_path).close()
    with pytest.raises(StoreError, match="never began"):
        regrade(tmp_path, "auto", Seen())
