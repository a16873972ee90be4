# tries: raises an error whose text raises again
# allowed: runtime_error
# never: describing the error fails

class Bad(Exception):
    def __str__(self):
        raise Bad

    __repr__ = __str__


def f(n):
    raise Bad
