# tries: leaves a key in a ring of the kernel that all containers share
# allowed: runtime_error
# never: the calls are allowed

import ctypes
import os


def f(n):
    number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, b"user", b"letter", b"text", 4, -3) < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
