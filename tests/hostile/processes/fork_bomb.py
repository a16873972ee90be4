# tries: doubles its processes for as long as the kernel lets it
# allowed: timeout, runtime_error
# never: the host or another candidate runs out of processes
# timeout_s: 0.6

import os


def f(n):
    while True:
        try:
            os.fork()
        except OSError:
            pass
