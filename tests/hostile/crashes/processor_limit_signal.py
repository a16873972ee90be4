# tries: sends itself the signal of the processor limit
# allowed: timeout, crash
# never: a signal that it sent itself makes it pass

import os
import signal


def f(n):
    os.kill(os.getpid(), signal.SIGXCPU)
    return n * n
