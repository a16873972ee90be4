# tries: takes the scratch directory away from everybody else
# allowed: runtime_error
# never: the next candidate cannot write

import os


def f(n):
    os.chmod("/tmp", 0o700)
    return n * n
