"""Harbor: one job of `--count` trials of a task in its own format, with its oracle agent, which submits the reference.

A trial is a fresh compose project. The agent's container is also the one that tests run in (its default), so that the
tests, which hold the expected values, lie where the candidate runs. The engine's default profile, root, a network.
Latencies are those that Harbor logs for each trial.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from unit import EXPECTED, INPUTS, TEXT, options, tell

CONFIG = """
schema_version = "1.3"
[verifier]
timeout_sec = 120.0
[agent]
timeout_sec = 120.0
[environment]
docker_image = "{image}"
"""
TESTS = f"""#!/bin/bash
cd /app && python3 - <<'EOF'
from main import f
right = [f(text) for text in {INPUTS!r}] == {EXPECTED!r}
open("/logs/verifier/reward.txt", "w").write(str(int(right)))
EOF
"""


def write(task: Path, image: str) -> None:
    files = {
        "task.toml": CONFIG.format(image=image),
        "instruction.md": "Write f into /app/main.py.\n",
        "solution/solve.sh": f"#!/bin/bash\nmkdir -p /app\ncat > /app/main.py <<'EOF'\n{TEXT}\nEOF\n",
        "tests/test.sh": TESTS,
        "environment/README": "nothing: the image is given\n",
    }
    for name, text in files.items():
        path = task / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def job(task: Path, place: Path, name: str, count: int, concurrency: int) -> tuple[float, list[float]]:
    """(seconds of all, seconds of each trial)."""
    harbor = Path(sys.executable).with_name("harbor")
    command = [str(harbor), "run", "--path", str(task), "--agent", "oracle", "--quiet", "--yes", "--job-name", name]
    command += ["--jobs-dir", str(place), "-k", str(count), "-n", str(concurrency)]
    began = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    found = [json.loads(path.read_text()) for path in (place / name).glob("*/result.json")]
    rewards = [((one.get("verifier_result") or {}).get("rewards") or {}).get("reward") for one in found]
    if done.returncode != 0 or rewards != [1.0] * count:
        errors = [one.get("exception_info") for one in found]
        raise ValueError(f"rewards {rewards}, {errors}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    times = [[datetime.fromisoformat(one[key].replace("Z", "+00:00")) for key in ENDS] for one in found]
    return seconds, [(end - start).total_seconds() for start, end in times]


ENDS = ("started_at", "finished_at")

if __name__ == "__main__":
    given = options(__doc__ or "")
    with tempfile.TemporaryDirectory() as scratch:
        task, jobs = Path(scratch, "run-lengths"), Path(scratch, "jobs")
        write(task, given.image)
        seconds, each = job(task, jobs, "measured", given.count, given.concurrency)
    text = "fresh compose project with a network, default profile, root; tests run beside the candidate"
    tell("harbor, oracle agent", version("harbor"), given, seconds, each, text)
