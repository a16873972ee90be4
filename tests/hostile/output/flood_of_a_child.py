# tries: lets a child flood while the parent is silent
# allowed: output_limit
# never: only the first process is watched

import os
import time


def f(n):
    if os.fork() == 0:
        while True:
            os.write(1, bytes(1 << 16))
    time.sleep(30)
