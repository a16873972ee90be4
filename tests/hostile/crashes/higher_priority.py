# tries: puts itself before everybody else
# allowed: runtime_error
# never: its priority goes up

import os


def f(n):
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    return n * n
