# kind: workspace
# tries: lets honest records stand and forges the end before a failing test is recorded
# allowed: tampered, wrong_answer, runtime_error
# never: a run without all of its tests passes

import json
import os


def total(prices):
    os.write(3, json.dumps({"finish": 0}).encode() + b"\n")
    os._exit(0)


def label(count):
    return f"{count} item" + "s" * (count != 1)
