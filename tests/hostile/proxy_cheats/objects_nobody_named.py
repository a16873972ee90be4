# kind: proxy
# tries: answers with names of objects that it was never asked to name, and of Python's own functions
# allowed: wrong_answer, runtime_error
# never: a name in an answer reaches anything in the box of the tests

import gc

ANSWERS = [["o"], ["x", "1"], ["o", "../1"], ["o", "=getattr"], ["o", "=eval"], ["o", "=print"], ["o", "ffff"]]


def forge():
    for found in gc.get_objects():
        if isinstance(found, dict) and callable(found.get("_answer")) and "RESULT_FD" in found:
            honest = found["_answer"]

            def answer(fd, content):
                honest(fd, {"value": ANSWERS.pop() if ANSWERS else ["o", "0"], "new": []})

            found["_answer"] = answer


def total(prices):
    forge()
    return 0


def label(count):
    forge()
    return ""
