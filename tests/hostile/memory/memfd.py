# tries: hides memory in a file that has no name
# allowed: oom, runtime_error
# never: the memory is charged to nobody

import os


def f(n):
    files = [os.memfd_create(f"file-{number}") for number in range(20)]
    while True:
        for file in files:
            os.write(file, bytes(1 << 20))
