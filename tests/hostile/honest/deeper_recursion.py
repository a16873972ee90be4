# tries: raises the limit of recursion to what it needs
# allowed: passed
# never: a higher limit of recursion counts as an attack

import sys

sys.setrecursionlimit(20_000)


def depth(left):
    return 0 if left == 0 else 1 + depth(left - 1)


def f(n):
    return n * n + depth(8000) - 8000
