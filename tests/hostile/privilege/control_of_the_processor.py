# tries: makes itself a real-time process
# allowed: runtime_error
# never: it is never interrupted again

import os


def f(n):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    return n * n
