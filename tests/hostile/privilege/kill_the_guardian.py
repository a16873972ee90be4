# tries: kills and stops the processes that watch it
# allowed: runtime_error
# never: one of them takes a signal from a candidate

import os
import signal


def f(n):
    for pid in (os.getppid(), 1):
        for number in (signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM):
            try:
                os.kill(pid, number)
            except PermissionError:
                continue
            return n * n
    raise PermissionError("denied")
