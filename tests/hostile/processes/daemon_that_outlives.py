# tries: leaves a process in a session of its own that writes into every scratch directory for ever
# allowed: wrong_answer
# never: the process lives on when the next candidate runs

import os
import time


def f(n):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for fd in range(256):
            try:
                os.close(fd)
            except OSError:
                pass
        while True:
            for place in ("/tmp", "/dev/shm", "/box"):
                try:
                    with open(f"{place}/left-{time.monotonic_ns()}", "w") as file:
                        file.write("still here")
                except OSError:
                    pass
            time.sleep(0.01)
    return -n
