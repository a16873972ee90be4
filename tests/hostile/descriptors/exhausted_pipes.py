# tries: makes pipes and fills each of them
# allowed: runtime_error, timeout, oom
# never: the quota of pipes of another user is used up
# timeout_s: 2

import os


def f(n):
    held = []
    while True:
        ends = os.pipe()
        os.set_blocking(ends[1], False)
        os.write(ends[1], bytes(1 << 16))
        held.append(ends)
