# tries: reads the memory of the process that feeds it
# allowed: runtime_error
# never: another user's memory can be read

import os


def f(n):
    with open(f"/proc/{os.getppid()}/mem", "rb", buffering=0) as file:
        file.seek(0x400000)
        file.read(1)
    return n * n
