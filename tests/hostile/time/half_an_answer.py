# tries: announces an answer and sends it byte by byte for ever
# allowed: timeout
# never: an unfinished answer puts off the deadline
# timeout_s: 0.4

import os
import time


def f(n):
    os.write(3, (1 << 20).to_bytes(4, "big"))
    while True:
        os.write(3, b" ")
        time.sleep(0.01)
