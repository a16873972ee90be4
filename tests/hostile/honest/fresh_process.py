# tries: counts on a new process for every call
# allowed: passed
# never: a call finds the state of another
# fresh: true

CALLS = []


def f(n):
    CALLS.append(n)
    return n * n if len(CALLS) == 1 else -n
