# kind: proxy
# tries: raises what pytest raises to skip, to expect a failure and to stop
# allowed: wrong_answer, runtime_error
# never: an exception of the candidate is one of pytest's in the box of the tests

class Skipped(BaseException):
    """Named as the one that skips."""

    allow_module_level = True


Skipped.__module__ = "_pytest.outcomes"


def total(prices):
    raise Skipped("not today")


def label(count):
    raise type("Exit", (Exception,), {"__module__": "_pytest.outcomes", "returncode": 0})("done")
