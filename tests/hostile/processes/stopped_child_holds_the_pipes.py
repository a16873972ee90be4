# tries: ends while a stopped child keeps every pipe open, so that no end of file ever comes
# allowed: runtime_error
# never: the supervisor waits for an end of file that does not come

import os
import signal


def f(n):
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(3)
