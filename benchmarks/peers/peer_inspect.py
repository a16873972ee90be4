"""Inspect AI: one evaluation of `--count` samples, whose scorer runs the program in the sample's sandbox.

`--mode local` isolates nothing: a temporary directory on the host. `--mode docker` has a fresh compose project a
sample, with its own defaults for a generated file (init, no network) and the image given here; the candidate is root
with the engine's default capabilities and a writable root file system, without limits. Its demand for Docker Engine
24.0.6 or newer is passed over, so that it can be measured on older ones too. Expected values stay here in both.

No model is asked, so a sample costs the sandbox, the scorer and Inspect's own record of it. Latencies are those that
Inspect logs for each sample.
"""

from __future__ import annotations

import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval  # noqa: A004
from inspect_ai.dataset import Sample
from inspect_ai.scorer import CORRECT, INCORRECT, Score, accuracy, scorer
from inspect_ai.solver import solver
from inspect_ai.util import sandbox
from inspect_ai.util._sandbox.docker import prereqs
from unit import check, options, program, tell

PROGRAM = program()
COMPOSE = """
services:
  default:
    image: "{image}"
    x-local: true
    command: "tail -f /dev/null"
    init: true
    network_mode: none
    stop_grace_period: 1s
"""


@scorer(metrics=[accuracy()])
def outputs() -> Any:
    """Whether the program prints what it should."""

    async def score(state: Any, target: Any) -> Score:
        await sandbox().write_file("main.py", PROGRAM)
        found = await sandbox().exec(["python3", "main.py"], timeout=60)
        try:
            check(found.stdout)
        except ValueError as error:
            return Score(value=INCORRECT, explanation=f"{error} {found.stderr}")
        return Score(value=CORRECT)

    return score


@solver
def given_already() -> Any:
    """The candidate is there: nothing to ask."""

    async def solve(state: Any, generate: Any) -> Any:
        return state

    return solve


async def any_engine(version: str = "") -> None:
    """In place of the check of the engine's version."""


def evaluate(kind: Any, count: int, concurrency: int, place: str) -> tuple[float, list[float]]:
    """(seconds of all, seconds of each)."""
    samples = [Sample(input=f"candidate {number}", target="") for number in range(count)]
    task = Task(dataset=samples, solver=given_already(), scorer=outputs(), sandbox=kind)
    began = time.perf_counter()
    (log,) = eval(
        task,
        "mockllm/model",
        max_samples=concurrency,
        max_sandboxes=concurrency,
        max_subprocesses=concurrency,
        log_dir=place,
        display="none",
        log_level="error",
    )
    seconds = time.perf_counter() - began
    if log.status != "success" or log.results.scores[0].metrics["accuracy"].value != 1:
        raise ValueError(f"{log.status}: {log.error or [sample.scores for sample in log.samples or []]}")
    return seconds, [sample.total_time for sample in log.samples]


if __name__ == "__main__":
    given = options(__doc__ or "")
    with tempfile.TemporaryDirectory() as place:
        kind: Any = "local"
        text = "none: a temporary directory on the host, expected values outside"
        if given.mode == "docker":
            prereqs.validate_docker_engine = any_engine
            compose = Path(place, "compose.yaml")
            compose.write_text(COMPOSE.format(image=given.image))
            kind, text = ("docker", str(compose)), "fresh compose project, no network, default profile, root, no limits"
        evaluate(kind, 1, 1, place)
        seconds, each = evaluate(kind, given.count, given.concurrency, place)
    tell(f"inspect-ai, {given.mode} sandbox", version("inspect-ai"), given, seconds, each, text)
