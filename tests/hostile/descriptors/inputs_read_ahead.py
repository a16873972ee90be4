# tries: reads the channel of inputs for what comes later
# allowed: runtime_error
# never: a later input is there before the answer

import os
import select


def f(n):
    ready, _, _ = select.select([4], [], [], 0.2)
    if not ready:
        raise BlockingIOError("nothing there")
    return len(os.read(4, 1 << 16)) and n * n
