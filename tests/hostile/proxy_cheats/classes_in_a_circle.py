# kind: proxy
# tries: describes classes that are their own bases, exceptions of pytest's and modules of Python's
# allowed: wrong_answer, runtime_error
# never: a description breaks the box of the tests, or skips a test

import gc

NEW = [
    ["a1", "class", "A", ["a2"], "m", ["x"]],
    ["a2", "class", "B", ["a1"], "m", ["__eq__", "x"]],
    ["a3", "exception", "Skipped", ["=KeyboardInterrupt", "=SystemExit"], "_pytest.outcomes", []],
    ["a4", "object", "a3"],
    ["a5", "module", "sys"],
    ["a6", "object", "a6"],
]
VALUES = [{"value": ["o", "a1"]}, {"value": ["o", "a6"]}, {"value": ["o", "a5"]}, {"raised": ["a4", "skipped", []]}]


def forge():
    for found in gc.get_objects():
        if isinstance(found, dict) and callable(found.get("_answer")) and "RESULT_FD" in found:
            honest, count = found["_answer"], iter(range(10**6))

            def answer(fd, content):
                honest(fd, {**VALUES[next(count) % len(VALUES)], "new": NEW})

            found["_answer"] = answer


def total(prices):
    forge()
    return 0


def label(count):
    forge()
    return ""
