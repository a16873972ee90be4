# tries: exits with the code that time-outs have elsewhere
# allowed: runtime_error
# never: a code says what only the supervisor can know

import os


def f(n):
    os._exit(124)
