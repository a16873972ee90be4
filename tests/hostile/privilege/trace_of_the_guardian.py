# tries: traces the process that feeds it
# allowed: runtime_error
# never: another process can be traced

import ctypes
import os


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, os.getppid(), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
