# tries: kills and stops the processes that watch it
# allowed: runtime_error
# never: one of them takes a signal from a candidate

import os
import signal
import time


def works_on(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] in ("R", "S")
    except OSError:
        return False


def f(n):
    # Outside of its own process id namespace a parent has no number.
    for pid in (os.getppid() or 1, 1):
        for number in (signal.SIGSTOP, signal.SIGKILL, signal.SIGTERM):
            try:
                os.kill(pid, number)
            except PermissionError:
                continue
            # For process 1 of a namespace the kernel drops what comes from inside, and says nothing.
            time.sleep(0.1)
            if not works_on(pid):
                return n * n
    raise PermissionError("denied")
