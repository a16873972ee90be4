"""Verdicts are the same one at a time on a quiet machine and sixteen at a time on one that others keep busy."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.tasks import load_tasks

CONCURRENCY = 16
TIMEOUT_S = 1
WORK = """
import time

def {entry}(n):
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
    return n * n
"""


@contextlib.contextmanager
def burners(number: int) -> Iterator[None]:
    """Processes that never leave the processor to others of their own will."""
    burning = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def verdicts(suites: list[Path], candidates: Path, concurrency: int, isolation: str) -> list[tuple[Any, ...]]:
    command = [sys.executable, "-m", "harness", "grade", *map(str, suites), "--candidates", str(candidates), "--json"]
    flags = ["--concurrency", str(concurrency), "--isolation", isolation]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, check=True)
    return [
        (entry["task"], entry["line"], entry["outcome"], [(case["id"], case["outcome"]) for case in entry["cases"]])
        for entry in json.loads(done.stdout)["results"]
    ]


def timed_suite(directory: Path) -> Path:
    """One task with a limit that its cases may use up in good part."""
    task = directory / "timed" / "works_long"
    task.mkdir(parents=True)
    (task / "task.yaml").write_text(f"kind: function\nentry: works_long\nlimits: {{timeout_s: {TIMEOUT_S}}}\n")
    (task / "instruction.md").write_text("Return the square of n.\n")
    (task / "cases.yaml").write_text("- call: works_long(3)\n  returns: 9\n- call: works_long(4)\n  returns: 16\n")
    (task / "reference.py").write_text(WORK.format(entry="works_long", seconds=0.01))
    return directory / "timed"


@pytest.mark.engine
@pytest.mark.parametrize("isolation", ["task", "candidate"])
def test_load_turns_no_verdict_over(root: Path, tmp_path: Path, image: object, isolation: str) -> None:
    suites = [root / "fixtures" / "warmup", timed_suite(tmp_path)]
    lines = []
    for task in load_tasks([suites[0]]):
        assert task.reference is not None
        lines += [{"task": task.id, "files": answer.files} for answer in (task.reference, *task.flawed)]
    for seconds in (0.05, 0.3, 60):  # well within the limit, within it, never
        lines.append({"task": "timed/works_long", "code": WORK.format(entry="works_long", seconds=seconds)})
    candidates = tmp_path / "candidates.jsonl"
    candidates.write_text("".join(json.dumps(line) + "\n" for line in lines))
    calm = verdicts(suites, candidates, 1, isolation)
    with burners(2 * len(os.sched_getaffinity(0))):
        crowded = verdicts(suites, candidates, CONCURRENCY, isolation)
    assert crowded == calm
    assert [entry[2] for entry in calm[-3:]] == ["passed", "passed", "timeout"]
    assert {"passed", "wrong_answer"} <= {entry[2] for entry in calm}
