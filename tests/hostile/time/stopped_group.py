# tries: stops its own process group
# allowed: timeout
# never: a stopped process cannot be ended
# timeout_s: 0.4

import os
import signal


def f(n):
    os.killpg(0, signal.SIGSTOP)
    return n * n
