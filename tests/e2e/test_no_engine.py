"""A machine without a container engine: a run works, says what is weaker, and records it; who needs more is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.sandbox.bubblewrap import BubblewrapSandbox
from harness.store import Store


def harness(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    command = [sys.executable, "-m", "harness", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture
def run(root: Path, tmp_path: Path, bubblewrap_sandbox: BubblewrapSandbox) -> list[str]:
    tasks = [str(root / "fixtures" / "warmup"), str(root / "fixtures" / "real_dev" / "d2_pagination_bug")]
    return ["run", *tasks, "--model", "reference", "--out", str(tmp_path), "--name", "bare"]


def test_a_run_without_an_engine(run: list[str], tmp_path: Path) -> None:
    done = harness(tmp_path, *run, "--json")
    assert done.returncode == 0, done.stderr
    assert sum("bubblewrap" in line and "weaker" in line for line in done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["models"]["reference"]["pass_at_1"]["value"] == 1.0
    with Store(tmp_path / "bare", write=False) as store:
        verdicts = [attempt.verdict for attempt in store.attempts()]
    assert verdicts
    assert {verdict.layers["level"] for verdict in verdicts if verdict is not None} == {"namespaces"}
    assert {verdict.backend for verdict in verdicts if verdict is not None} == {"bubblewrap"}


def test_a_run_that_requires_more_does_not_begin(run: list[str], tmp_path: Path) -> None:
    done = harness(tmp_path, *run, "--require-isolation", "container")
    assert done.returncode == 2
    assert "isolation container is required, and the sandbox bubblewrap has namespaces" in done.stderr
    assert "attempts/s" not in done.stderr
    again = harness(tmp_path, *run, "--require-isolation", "namespaces")
    assert again.returncode == 0, again.stderr
