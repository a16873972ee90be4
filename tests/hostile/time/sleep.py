# tries: waits for ever without using anything
# allowed: timeout
# never: waiting is not counted
# timeout_s: 0.4

import time


def f(n):
    time.sleep(10**6)
    return n * n
