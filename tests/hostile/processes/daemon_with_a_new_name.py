# tries: hides a daemon behind another process name and ignores every signal
# allowed: wrong_answer
# never: the daemon survives the end of its candidate

import ctypes
import os
import signal
import time


def f(n):
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(15, b"kworker/0:1", 0, 0, 0)
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            time.sleep(1)
    return -n
