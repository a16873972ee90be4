# tries: lets several children grow one shared map, each of them small
# allowed: oom, runtime_error, timeout
# never: sharing hides the memory from the limit
# timeout_s: 3

import mmap
import os
import time


def f(n):
    space = mmap.mmap(-1, 512 << 20)
    for part in range(8):
        if os.fork() == 0:
            for place in range(part << 26, (part + 1) << 26, 4096):
                space[place] = 1
            os._exit(0)
    time.sleep(1)
    return -n
