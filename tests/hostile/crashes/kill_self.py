# tries: kills itself
# allowed: crash
# never: a kill is taken for want of memory

import os
import signal


def f(n):
    os.kill(os.getpid(), signal.SIGKILL)
    return n * n
