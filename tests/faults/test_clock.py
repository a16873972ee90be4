"""The wall clock jumps: deadlines stand on the monotonic clock, here and in the sandbox."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.conftest import Ended, Verdicts
from tests.servers.dockerd import PrivateEngine

ROOT = Path(__file__).resolve().parents[2]
WALL = {"time", "time_ns", "localtime", "gmtime", "now", "utcnow", "today", "fromtimestamp"}
MAY_TELL_THE_TIME = {
    "harness/executor.py": "when an attempt was made, for its row",
    "harness/judging/panel.py": "when a judge was asked, for its row",
    "harness/models/failures.py": "Retry-After as a date, which a server gave by the wall clock",
    "harness/routing/gateway/answers.py": "`created` of a reply, as OpenAI's clients expect it",
    "harness/routing/gateway/calls.py": "when a call was made, for its row",
}


def uses_of_the_wall_clock(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [alias.name for alias in node.names if alias.name in WALL]
        if (
            isinstance(node, ast.Attribute)
            and node.attr in WALL
            and ast.unparse(node.value).split(".")[-1]
            in (
                "time",
                "datetime",
                "date",
            )
        ):
            found.append(ast.unparse(node))
    return found


def test_nothing_that_decides_looks_at_the_wall_clock() -> None:
    files = [path for name in ("harness", "verifiers", "sandboxes") for path in sorted((ROOT / name).rglob("*.py"))]
    users = {str(path.relative_to(ROOT)) for path in files if uses_of_the_wall_clock(path)}
    assert len(files) > 80
    assert users == set(MAY_TELL_THE_TIME)


@pytest.mark.engine
def test_a_clock_that_jumps_changes_no_verdict(
    victim: PrivateEngine, root: Path, candidates: Path, calm: Verdicts
) -> None:
    """Patched in the process, not on the machine: other programs need its clock."""
    program = """
import itertools, sys, time
real, jumps = time.time, itertools.cycle((0, 86_400, -86_400, 4e8, -1e9))
time.time = lambda: real() + next(jumps)
time.time_ns = lambda: int(time.time() * 1e9)
from harness.cli import main
main(sys.argv[1:])
"""
    arguments = ["grade", str(root / "fixtures" / "warmup"), "--candidates", str(candidates), "--json"]
    environment = {**os.environ, "DOCKER_HOST": victim.address}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert Ended(0, done.stdout, done.stderr, 0).verdicts == calm
    assert all(0 <= item["seconds"] < 3600 for item in json.loads(done.stdout)["results"])
