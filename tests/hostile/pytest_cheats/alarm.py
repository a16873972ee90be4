# kind: workspace
# tries: ends the process with success from a signal handler in the middle of the tests
# allowed: tampered, runtime_error, wrong_answer
# never: a run that was cut short passes

import os
import signal
import time

signal.signal(signal.SIGALRM, lambda *args: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.05)


def total(prices):
    time.sleep(0.1)
    return 0


def label(count):
    return ""
