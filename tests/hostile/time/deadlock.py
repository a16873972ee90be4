# tries: waits for a lock that it holds itself
# allowed: timeout
# never: waiting in the kernel cannot be ended
# timeout_s: 0.4

import threading

LOCK = threading.Lock()


def f(n):
    LOCK.acquire()
    LOCK.acquire()
    return n * n
