"""A run that is killed at any moment goes on where it was: nothing twice, nothing lost, nothing left behind."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.full import FULL

if TYPE_CHECKING:
    import docker

KILLS = 10 if FULL else 4
TASKS = (
    "add",
    "square",
    "sum_list",
    "is_even",
    "factorial",
    "max_of_list",
    "flatten",
    "lru_cache",
    "d2_pagination_bug",
    "d5_report_script",
)
BEST_OF, REPEATS = 3, 2


def command(root: Path, out: Path) -> list[str]:
    suites = [str(root / "fixtures" / name) for name in ("warmup", "single_function", "real_dev")]
    globs = [part for task in TASKS for part in ("--task", task)]
    flags = [
        "--model",
        "reference",
        "--best-of",
        str(BEST_OF),
        "--repeats",
        str(REPEATS),
        "--out",
        str(out),
        "--name",
        "killed",
    ]
    return [sys.executable, "-m", "harness", "run", *suites, *globs, *flags, "--json"]


def rows(out: Path) -> list[dict[str, Any]]:
    path = out / "killed" / "raw.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ours(engine: docker.APIClient, pids: set[int]) -> list[str]:
    """Containers, running or not, of the given processes."""
    found = engine.containers(all=True, filters={"label": "harness.owner.pid"})
    return [item["Id"] for item in found if int(item["Labels"]["harness.owner.pid"]) in pids]


def digest(record: dict[str, Any]) -> tuple[Any, ...]:
    verdict = record["verdict"]
    cases = [(case["id"], case["outcome"]) for case in verdict["cases"]]
    return (
        record["task"],
        record["repeat"],
        record["attempt"],
        record["seed"],
        verdict["outcome"],
        verdict["points"],
        str(cases),
    )


@pytest.mark.engine
@pytest.mark.timeout(420)
def test_killed_at_random_moments(root: Path, tmp_path: Path, engine: docker.APIClient, image: object) -> None:
    began = time.monotonic()
    calm = subprocess.run(command(root, tmp_path / "calm"), capture_output=True, text=True, check=True)
    calm_s = time.monotonic() - began
    rng = random.Random(20)
    pids: set[int] = set()
    interrupted = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            command(root, tmp_path / "hurt"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        pids.add(process.pid)
        try:
            # The moment of the kill is what is drawn; a run that is done sooner has nothing left to be killed at.
            process.wait(rng.uniform(0.2, max(1.0, calm_s / 3)))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            interrupted += 1
    assert interrupted > 0
    last = subprocess.Popen(command(root, tmp_path / "hurt"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    pids.add(last.pid)
    stdout, stderr = last.communicate(timeout=300)
    assert last.returncode == 0, stderr
    expected, got = rows(tmp_path / "calm"), rows(tmp_path / "hurt")
    keys = Counter((row["task"], row["model"], row["repeat"], row["attempt"]) for row in got)
    assert set(keys.values()) == {1}
    assert len(got) == len(TASKS) * BEST_OF * REPEATS
    assert sorted(map(digest, got)) == sorted(map(digest, expected))
    assert json.loads(stdout)["models"] == json.loads(calm.stdout)["models"]
    assert ours(engine, pids) == []
