"""How long it takes to aggregate and to compare a large run, and in how much memory: 100,000 attempts unless told so.

    python benchmarks/aggregate.py [--write] [--models 8] [--tasks 250] [--repeats 10] [--best-of 5]

Makes a store as `harness run` would (request, reply with the server's body, candidate, fourteen cases, layers), then
does each of the two in a process of its own, start included. Aims: 20 s for both together, and 2 GB.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import results

from harness.rundir import RunPaths
from harness.store import Store
from harness.types import Attempt, Candidate, CaseResult, Extraction, Outcome, Reply, Selection, Usage, Verdict

SECONDS, MEGABYTES = 20.0, 2048.0
"""The aims, for both steps together and for the larger of the two."""

INSERT = "insert into {} ({}) values ({})"
STEPS = {
    "aggregate": """
from harness.readback import load_report_input
from harness.stats.summary import summarise
report = load_report_input(directory)
found = summarise(report.attempts, report.selections)
assert sum(model.coverage.attempts for model in found.models) == expected
""",
    "compare": """
from harness.readback import load_report_input
from harness.stats.compare import RunTable, compare
found = compare([RunTable.of(load_report_input(directory))])
assert sum(item.attempts for item in found.facts) == expected
""",
}
PROBE = """
import json, resource, sys, time
from pathlib import Path
directory, expected = Path(sys.argv[1]), int(sys.argv[2])
{body}
peak = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{"mb": peak.ru_maxrss / 1024, "cpu_s": peak.ru_utime + peak.ru_stime}}))
"""


def attempts(models: int, tasks: int, repeats: int, best_of: int) -> Iterator[Attempt]:
    """The attempts of a run in which models and tasks differ; a third of the candidates are repeated."""
    rng = random.Random(7)
    skill = [0.25 + 0.6 * m / max(1, models - 1) for m in range(models)]
    hard = [rng.uniform(-0.35, 0.35) for _ in range(tasks)]
    layers = {"level": "container", "network": "disabled", "seccomp": "allow-list", "user": "own uid a candidate"}
    for t in range(tasks):
        prompt = f"Write the function number {t}. " + "It takes a value and returns what the table says. " * 12
        for m in range(models):
            for repeat in range(repeats):
                for index in range(best_of):
                    passed = rng.random() < skill[m] + hard[t]
                    points = 14.0 if passed else float(rng.randint(0, 13))
                    lines = [
                        f"    if value == {i}:\n        return {i * 7} + helper({rng.randint(0, 3)})" for i in range(12)
                    ]
                    code = f"def f{t}(value):\n" + "\n".join(lines) + f"\n    return {rng.randint(0, 2)}\n"
                    cases = tuple(
                        CaseResult(
                            id=f"case-{i:02d}", visible=i < 3, points=float(i < points), expected="300", got="300",
                            outcome=Outcome.passed if i < points else Outcome.wrong_answer, seconds=0.002,
                        )
                        for i in range(14)
                    )  # fmt: skip
                    yield Attempt(
                        task=f"bench/task-{t:03d}", suite="bench", category=f"category-{t % 10}", kind="function",
                        model=f"model-{m}", repeat=repeat, attempt=index, seed=rng.randrange(2**31),
                        solver="single_shot", request={"messages": [{"role": "user", "content": prompt}]},
                        reply=Reply(
                            text=f"```python\n{code}```", finish_reason="stop", model=f"model-{m}", seconds=1.5,
                            usage=Usage(prompt_tokens=200, completion_tokens=300),
                            raw={"choices": [{"message": {"role": "assistant", "content": code}}], "usage": {}},
                        ),
                        extraction=Extraction(
                            candidate=Candidate(files={"solution.py": code}), choice="one block", fenced=True
                        ),
                        verdict=Verdict(
                            outcome=Outcome.passed if passed else Outcome.wrong_answer, points=points, max_points=14,
                            cases=cases, backend="docker", layers=layers, seconds=0.2,
                        ),
                        cost_usd=0.0004 * (m + 1), started="2026-01-01T00:00:00Z", seconds=1.8, task_hash=f"{t:016x}",
                    )  # fmt: skip


def make(directory: Path, shape: tuple[int, int, int, int]) -> int:
    """Write the store; the number of attempts. All in one transaction: saving is not what is measured."""
    with Store(directory) as store:
        store.set_fact("models", {})
    import sqlite3

    connection = sqlite3.connect(RunPaths(directory).store)
    columns = [name for name, *_ in connection.execute("select * from attempts limit 0").description]
    statement = INSERT.format("attempts", ", ".join(columns), ", ".join("?" * len(columns)))
    number = 0
    with connection:
        for attempt in attempts(*shape):
            row = row_of(attempt)
            connection.execute(statement, [row.get(name) for name in columns])
            number += 1
        picks = {(m, t, r) for m in range(shape[0]) for t in range(shape[1]) for r in range(shape[2])}
        keys = list(Selection.model_fields)
        for m, t, r in sorted(picks):
            pick = Selection(
                task=f"bench/task-{t:03d}", model=f"model-{m}", repeat=r, attempt=0, method="verifier", reason=""
            )
            chosen = pick.model_dump()
            insert = INSERT.format("selections", ", ".join(keys), ", ".join("?" * len(keys)))
            connection.execute(insert, [chosen[key] for key in keys])
    connection.close()
    return number


def row_of(attempt: Attempt) -> dict[str, object]:
    """The columns of an attempt, as the store writes them."""
    verdict, reply = attempt.verdict, attempt.reply
    assert verdict is not None
    assert reply is not None
    return {
        **attempt.key.model_dump(), "suite": attempt.suite, "category": attempt.category, "kind": attempt.kind,
        "outcome": verdict.outcome.value, "score": verdict.score, "visible_score": verdict.visible_score,
        "candidate": attempt.candidate_hash, "signature": "", "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens, "cost_usd": attempt.cost_usd, "seconds": attempt.seconds,
        "started": attempt.started, "failed": 0, "data": attempt.model_dump_json(),
    }  # fmt: skip


def measure(step: str, directory: Path, expected: int) -> dict[str, float]:
    """Seconds from the start of a process to its end, processor seconds, peak resident memory in MiB."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(body=STEPS[step]), str(directory), str(expected)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    return {"s": time.perf_counter() - began, **json.loads(done.stdout)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("models", 8), ("tasks", 250), ("repeats", 10), ("best-of", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--write", action="store_true", help="fill in the part of RESULTS.md")
    parser.add_argument("--keep", type=Path, help="make the store here, or take the one that is there")
    options = parser.parse_args()
    shape = (options.models, options.tasks, options.repeats, options.best_of)
    before = results.load()
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.keep or Path(scratch) / "run"
        expected = shape[0] * shape[1] * shape[2] * shape[3]
        if not RunPaths(directory).store.exists():
            expected = make(directory, shape)
        size = RunPaths(directory).store.stat().st_size / 2**20
        found = {step: measure(step, directory, expected) for step in STEPS}
    rows = [[step, f"{item['s']:.1f}", f"{item['cpu_s']:.1f}", f"{item['mb']:.0f}"] for step, item in found.items()]
    total, peak = sum(item["s"] for item in found.values()), max(item["mb"] for item in found.values())
    rows.append(["both", f"{total:.1f}", f"{sum(item['cpu_s'] for item in found.values()):.1f}", f"{peak:.0f}"])
    grid = f"{shape[0]} models, {shape[1]} tasks, {shape[2]} repeats, best of {shape[3]}"
    met = ["met" if good else "not met" for good in (total <= SECONDS, peak <= MEGABYTES)]
    parts = [
        results.machine(before),
        f"{expected:,} attempts ({grid}), {size:,.0f} MiB.",
        results.table(["step", "seconds", "processor seconds", "peak MiB"], rows),
        f"Aims: {SECONDS:g} s ({met[0]}) and {MEGABYTES:g} MiB ({met[1]}).",
    ]
    text = "\n\n".join(parts)
    print(text)
    if options.write:
        results.write("aggregate", text)


if __name__ == "__main__":
    main()
