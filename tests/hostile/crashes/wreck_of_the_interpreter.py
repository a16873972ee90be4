# tries: overwrites its own code with random bytes
# allowed: crash, runtime_error, timeout, wrong_answer
# never: a broken interpreter breaks the supervisor
# timeout_s: 1

import ctypes


def f(n):
    for offset in range(0, 4096, 8):
        ctypes.memset(id(f) + offset, 0xA5, 8)
    return -n
