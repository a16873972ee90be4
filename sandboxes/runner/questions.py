"""From the test process to the host and back: questions to a candidate in another box, and the records of the run."""

import os
import time

from . import wire
from .process import Spent, Watched

BOOT = """import sys
sys.path.insert(0, {home!r})
from runner.apart import main
sys.path.remove({home!r})
sys.exit(main(sys.argv[1].split(","), sys.argv[2:]))"""


def command(modules: list[str], targets: list[str]) -> list[str]:
    """The interpreter's arguments for a pytest of these files; the candidate's modules are those below `modules`."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return ["-s", "-P", "-S", "-B", "-c", BOOT.format(home=home), ",".join(modules), *targets]


def relay(process: Watched, timeout: float, spent: Spent) -> tuple[str, bytes]:
    """(how it ended, records as lines of JSON) of a test process. `timeout` is its own time, without that of answers.

    `exit` may also mean that the host wants no more: the candidate is gone.
    """
    records = bytearray()
    began = time.monotonic()
    while True:
        # One read may bring several frames, and nothing after them.
        frame = process.frame()
        if frame is None:
            how = process.wait(began, timeout, True, spent)
            if how != "frame":
                return how, bytes(records)
            continue
        said = wire.loads(frame.decode("ascii"))
        if "record" in said:
            records += wire.dumps(said["record"]).encode("ascii") + b"\n"
            continue
        asked = time.monotonic()
        wire.send(1, {"op": "question"}, {"question": frame})
        header, blobs = wire.receive(0)
        if header["op"] == "stop":
            return "exit", bytes(records)
        answer = blobs["answer"]
        process.feed(len(answer).to_bytes(4, "big") + answer)
        began += time.monotonic() - asked
