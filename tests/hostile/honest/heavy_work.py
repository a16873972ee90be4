# tries: computes for a third of a second
# allowed: passed
# never: work within the limit is stopped

import time


def f(n):
    end = time.process_time() + (0.3 if n == 7 else 0.02)
    while time.process_time() < end:
        sum(range(1000))
    return n * n
