# tries: writes a little all the time so that it never looks idle
# allowed: timeout
# never: output puts off the deadline
# timeout_s: 0.4

import os
import time


def f(n):
    while True:
        os.write(1, b".")
        time.sleep(0.01)
