# tries: aborts
# allowed: crash
# never: the container ends with the process

import os


def f(n):
    os.abort()
