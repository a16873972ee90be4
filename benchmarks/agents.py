"""What it costs to start an agent: from `docker run` to aider's first question and to a whole attempt with one edit.

    .venv/bin/python benchmarks/agents.py [--rounds 8] [--write]

The model answers at once, so what is left is the agent's own. Steps take turns, one at a time. `--write` puts the table
into benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import results

from harness.config import AgentSettings, ModelProfile
from harness.sandbox.docker import DockerSandbox
from harness.solvers import Workplace
from harness.solvers.agents.means import AgentMeans
from harness.solvers.aider import Aider
from harness.solvers.command import Command
from harness.types import AgentRecord, Extraction, Reply, Request, Task, Usage, Verdict

TASK = Task(
    id="bench/add",
    suite="bench",
    name="add",
    kind="workspace",
    instruction="Write `add`.",
    editable=("calc.py",),
    workspace={"calc.py": "def add(a, b):\n    pass\n"},
)
EDIT = "calc.py\n```\ndef add(a, b):\n    return a + b\n```"
MEMORY_MB = 1024


class Instant:
    """A model that knows the answer: what is measured is everything else."""

    def complete(self, request: Request) -> Reply:
        return Reply(text=EDIT, finish_reason="stop", usage=Usage(prompt_tokens=1, completion_tokens=1))

    def identity(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing is held."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    given = parser.parse_args()
    load_before = results.load()
    means = AgentMeans(lambda line: print(line, file=sys.stderr))
    with (
        contextlib.closing(DockerSandbox(log=print)) as candidates,
        contextlib.closing(means),
        tempfile.TemporaryDirectory() as door,
    ):
        found = measure(candidates.image.tag, means, Path(door), given.rounds)
    text = f"{results.machine(load_before)} Medians of {given.rounds} rounds.\n\n{table(found)}"
    print(text)
    if given.write:
        results.write("agents", text)


def measure(image: str, means: AgentMeans, door: Path, rounds: int) -> dict[str, list[float]]:
    """Step -> seconds of each round."""
    containers = means.containers("aider")
    aider = containers.image.tag
    found: dict[str, list[float]] = defaultdict(list)
    steps: dict[str, Callable[[], object]] = {
        "`docker run --rm --network none IMAGE python3 -c pass`": lambda: _docker_run(image, "pass"),
        "the same on aider's image, `import aider.main`": lambda: _docker_run(
            aider, "import sys; sys.path.insert(0, '/opt/aider/site'); import aider.main"
        ),
        "an agent's container, ready": lambda: containers.open(MEMORY_MB, door).close(),
    }
    attempts: dict[str, Callable[[], AgentRecord]] = {
        "aider": lambda: _attempt(Aider(_place(means, AgentSettings()))),
        "a command that writes a file": lambda: _attempt(
            Command(_place(means, AgentSettings(command="echo 'add = sum' > calc.py")))
        ),
    }
    for run in attempts.values():
        run()  # images and the gateway are there from here on
    for _ in range(rounds):
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            found[name].append(time.perf_counter() - began)
        for name, run in attempts.items():
            began = time.perf_counter()
            record = run()
            found[f"{name}: until its process runs"].append(record.start_s)
            if record.first_call_s is not None:
                found[f"{name}: until its first question"].append(record.first_call_s)
            found[f"{name}: a whole attempt, files out"].append(time.perf_counter() - began)
    return found


def _docker_run(image: str, code: str) -> None:
    command = ["docker", "run", "--rm", "--network", "none", image, "python3", "-c", code]
    subprocess.run(command, check=True, capture_output=True)


def _attempt(solver: Aider | Command) -> AgentRecord:
    record = solver.solve(TASK, seed=1, repeat=0, attempt=0).agent
    assert record is not None
    assert record.ending.value == "finished", record
    return record


def _place(means: AgentMeans, settings: AgentSettings) -> Workplace:
    def grade(task: Task, extraction: Extraction) -> tuple[Verdict, str]:
        raise AssertionError("this task gives no second try")

    return Workplace(
        profile=ModelProfile(name="instant", provider="none"),
        provider=Instant(),
        settings=settings,
        means=means,
        grade=grade,
        record=lambda call: None,
        stopped=lambda: "",
    )


def table(found: dict[str, list[float]]) -> str:
    """One row a step: seconds, and how many times the first step."""
    base = statistics.median(next(iter(found.values())))
    rows = ["| step | seconds | times `docker run` |", "| --- | --- | --- |"]
    for name, seconds in found.items():
        median = statistics.median(seconds)
        rows.append(f"| {name} | {median:.2f} | {median / base:.1f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
