# tries: turns the clock back so that the deadline never comes
# allowed: runtime_error
# never: the clock of the machine changes

import time


def f(n):
    time.clock_settime(time.CLOCK_REALTIME, 0)
    return n * n
