# tries: kills every process that it may, then its own group
# allowed: crash
# never: a process of another user is killed

import os
import signal


def f(n):
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        pass
    os.killpg(0, signal.SIGKILL)
    return n * n
