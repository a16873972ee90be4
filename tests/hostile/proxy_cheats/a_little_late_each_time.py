# kind: proxy
# tries: takes most of the time limit in every single call
# allowed: timeout
# never: every call has the time of the whole run
# timeout_s: 2

import time


def total(prices):
    time.sleep(1.5)
    return sum(prices)


def label(count):
    time.sleep(1.5)
    return f"{count} item" + "s" * (count != 1)
