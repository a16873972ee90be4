# tries: raises an error whose name and text say that all is well
# allowed: runtime_error
# never: an error is read for its words

class passed(Exception):
    pass


def f(n):
    raise passed("passed: 4 of 4")
