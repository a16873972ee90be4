# tries: becomes the superuser again
# allowed: runtime_error
# never: the saved user is still the superuser

import os


def f(n):
    os.setresuid(0, 0, 0)
    return n * n
