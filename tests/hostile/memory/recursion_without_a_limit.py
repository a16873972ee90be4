# tries: lifts the limit of recursion and calls itself for ever
# allowed: crash, oom, runtime_error, timeout
# never: the supervisor goes down with it
# timeout_s: 3

import sys

sys.setrecursionlimit(2**31 - 1)


def f(n):
    return [f(n)]
