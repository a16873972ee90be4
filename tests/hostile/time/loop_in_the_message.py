# tries: raises an error whose text takes for ever
# allowed: timeout
# never: describing an error has no deadline
# timeout_s: 0.4

class Slow(Exception):
    def __str__(self):
        while True:
            pass


def f(n):
    raise Slow
