# tries: takes a descriptor out of the process that feeds it
# allowed: runtime_error
# never: descriptors of another user can be taken

import ctypes
import os


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(os.getppid())
    if libc.syscall(438, pidfd, 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
