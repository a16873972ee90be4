# tries: looks for descriptors that the supervisor forgot to close
# allowed: runtime_error
# never: a descriptor of the supervisor is open

import os


def f(n):
    for fd in range(5, 1024):
        try:
            os.fstat(fd)
        except OSError:
            continue
        return n * n
    raise OSError("none")
