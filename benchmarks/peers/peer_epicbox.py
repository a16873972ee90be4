"""epicbox: a fresh container for each candidate, removed afterwards; the outputs are compared here.

Isolates with the engine's default profile, no network, limits of memory, processor time and processes. The candidate is
root in its container with the engine's default capabilities and a writable root file system; all 20 inputs lie in its
program at once.
"""

from __future__ import annotations

import logging
from importlib.metadata import version

import epicbox
from unit import check, options, program, run, tell

FILES = [{"name": "main.py", "content": program().encode()}]
LIMITS = {"cputime": 10, "realtime": 60, "memory": 256, "processes": 128}


def call(number: int) -> None:
    found = epicbox.run("python", "python3 main.py", files=FILES, limits=LIMITS)
    if found["exit_code"] != 0:
        raise ValueError(str(found))
    check(found["stdout"].decode())


if __name__ == "__main__":
    given = options(__doc__ or "")
    logging.disable()
    epicbox.configure(profiles=[epicbox.Profile("python", given.image)])
    seconds, each = run(call, given.count, given.concurrency)
    text = "fresh container, no network, default profile, root, writable"
    tell("epicbox", version("epicbox"), given, seconds, each, text)
