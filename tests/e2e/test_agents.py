"""Whole runs of agents over the suites that ship: best of two, Exercism with its second try, the real small model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from harness.store import Store
from harness.tasks import load_tasks
from harness.types import AgentEnding, Attempt, Outcome, Task
from tests.servers.scripted import Exchange, Step, scripted
from tests.solvers.agents.workshop import WIRE, Workshop, whole

FIVE = ("d1_cart_discount", "d1_config_layers", "d2_cache_key_bug", "d3_rename_across_modules", "d5_split_module")


def changed(task: Task) -> dict[str, str]:
    """What the reference changes."""
    assert task.reference is not None
    return {path: text for path, text in task.reference.files.items() if task.workspace.get(path) != text}


def knows(tasks: list[Task], wrong_first: bool) -> Step:
    """A model that recognises a task by its instruction. `wrong_first`: until it is told of hidden tests; otherwise it
    is right with even seeds and changes nothing that helps with odd ones."""

    def step(exchange: Exchange) -> None:
        asked = json.dumps(exchange.request.body)
        task = next(task for task in tasks if json.dumps(task.instruction[:60])[1:-1] in asked)
        right = "Hidden tests were run" in asked if wrong_first else exchange.request.body["seed"] % 2 == 0
        spoilt = {path: f"# {exchange.request.body['seed']}\n{task.workspace.get(path, '')}" for path in changed(task)}
        WIRE.says(whole(changed(task) if right else spoilt))(exchange)

    return step


def attempts(directory: Path) -> list[Attempt]:
    with Store(directory, write=False) as store:
        return list(store.attempts())


@pytest.mark.engine
def test_five_tasks_best_of_two_run_unattended(tmp_path: Path, root: Path) -> None:
    workshop = Workshop(tmp_path)
    tasks = load_tasks([root / "fixtures" / "real_dev"], FIVE)
    with scripted(knows(tasks, wrong_first=False)) as server:
        workshop.model(server.url)
        done = workshop.run(paths=(root / "fixtures" / "real_dev",), tasks=FIVE, best_of=2)
    assert done.incomplete == []
    found = attempts(tmp_path / "runs" / "r")
    assert len(found) == 10
    by_task: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in found:
        assert attempt.seed is not None
        assert attempt.outcome is not Outcome.infra_error
        assert (attempt.outcome is Outcome.passed) == (attempt.seed % 2 == 0), attempt.task
        by_task[attempt.task].append(attempt)
    with Store(tmp_path / "runs" / "r", write=False) as store:
        picked = {item.task: item.attempt for item in store.selections()}
    # Where one of the two is right, its visible tests tell, and it is the one that is selected.
    for name, group in by_task.items():
        right = [attempt.attempt for attempt in group if attempt.outcome is Outcome.passed]
        assert picked[name] in right or not right


@pytest.mark.engine
def test_exercism_gets_its_second_try(tmp_path: Path, root: Path) -> None:
    workshop = Workshop(tmp_path)
    track = root / "fixtures" / "exercism_style"
    name = sorted(path.name for path in (track / "exercises" / "practice").iterdir())[0]
    tasks = load_tasks([track], (name,))
    with scripted(knows(tasks, wrong_first=True)) as server:
        workshop.model(server.url)
        done = workshop.run(paths=(track,), tasks=(name,))
    (attempt,) = attempts(tmp_path / "runs" / "r")
    assert attempt.outcome is Outcome.passed
    assert attempt.first_verdict is not None
    assert not attempt.first_verdict.passed
    (model,) = done.summary.models
    assert model.agents is not None
    assert (model.agents.first_try.value, model.agents.last_try.value, model.agents.told) == (0.0, 1.0, 1)
    # The tests themselves are never told.
    test_files = [text for task in tasks for text in task.tests.values()]
    asked = "".join(request.body["messages"][-1]["content"] for request in server.requests)
    assert not any(line in asked for text in test_files for line in text.splitlines() if "self.assert" in line)


@pytest.mark.engine
def test_the_reference_passes_through_aider(tmp_path: Path, root: Path) -> None:
    """The whole path with a model that is always right; `make agents` does that with every task."""
    names = ("d5_split_module", "d5_report_script", "ferry-manifest", "fizz_buzz", "flatten")
    suites = [root / "fixtures" / name for name in ("real_dev", "exercism_style", "warmup", "single_function")]
    known = {task.name for suite in suites for task in load_tasks([suite])}
    chosen = [name for name in names if name in known]
    assert len(chosen) >= 4
    command = [sys.executable, "-m", "harness", "run", *map(str, suites), "--model", "reference", "--solver", "aider"]
    command += [part for name in chosen for part in ("--task", name)]
    command += ["--out", str(tmp_path / "runs"), "--name", "r", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    found = attempts(tmp_path / "runs" / "r")
    assert {attempt.task.partition("/")[2]: attempt.outcome.value for attempt in found} == dict.fromkeys(
        chosen, "passed"
    )


def test_without_an_engine_nothing_is_begun(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    command = [sys.executable, "-m", "harness", "run", str(workshop.suite), "--model", "reference", "--solver", "aider"]
    command += ["--sandbox", "bubblewrap", "--out", str(tmp_path / "runs"), "--name", "r"]
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=False)
    assert done.returncode == 1
    assert "no container engine answers" in done.stderr
    assert attempts(tmp_path / "runs" / "r") == []


@pytest.mark.engine
@pytest.mark.model
def test_the_real_small_model_comes_to_an_honest_verdict(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    command = [sys.executable, "-m", "harness", "run", str(workshop.suite), "--model", "smollm2", "--solver", "aider"]
    command += ["--out", str(tmp_path / "runs"), "--name", "r", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["complete"]
    (attempt,) = attempts(tmp_path / "runs" / "r")
    assert attempt.agent is not None
    assert attempt.agent.calls >= 1
    assert attempt.agent.ending in (AgentEnding.finished, AgentEnding.no_edit, AgentEnding.context_exhausted)
    assert attempt.outcome not in (Outcome.passed, Outcome.infra_error)
    assert attempt.reply is not None
    assert (attempt.reply.usage.prompt_tokens or 0) > 500
