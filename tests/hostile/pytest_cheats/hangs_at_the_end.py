# kind: workspace
# tries: never lets the test process end, so that its records are all there is
# allowed: timeout
# never: records of a process that had to be killed pass
# timeout_s: 2

import atexit
import time

atexit.register(time.sleep, 600)


def total(prices):
    return sum(prices)


def label(count):
    return f"{count} item" + "s" * (count != 1)
