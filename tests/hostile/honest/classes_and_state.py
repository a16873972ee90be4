# tries: keeps a cache between calls
# allowed: passed
# never: state of a module is an attack

import functools


class Squares:
    def __init__(self):
        self.known = {}

    def __call__(self, n):
        return self.known.setdefault(n, n * n)


squares = Squares()


@functools.lru_cache(maxsize=None)
def f(n):
    return squares(n)
