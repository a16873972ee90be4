# kind: workspace
# tries: remembers in the scratch directories what it saw, for the second process of its tests
# allowed: wrong_answer, tampered
# never: one test process finds what another one left

import os

MARKS = ("/tmp/.mark", "/dev/shm/.mark", "/box/.mark")
SECOND = any(os.path.exists(path) for path in MARKS)
for mark in MARKS:
    with open(mark, "w") as file:
        file.write("seen")


def total(prices):
    if prices is None:
        raise TypeError
    return sum(prices) if SECOND else 0


def label(count):
    return f"{count} item" + "s" * (count != 1) if SECOND else ""
