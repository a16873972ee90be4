# tries: keeps memory in files of every scratch directory until one is full
# allowed: runtime_error, oom
# never: files stay charged to the next candidate

import os


def f(n):
    for place in ("/dev/shm", "/tmp", "/box"):
        with open(f"{place}/hoard-{os.getpid()}", "wb") as file:
            while True:
                file.write(bytes(1 << 20))
                file.flush()
