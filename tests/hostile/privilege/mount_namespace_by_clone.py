# tries: starts a process in new namespaces instead of moving there
# allowed: runtime_error
# never: the flags of clone are not looked at

import ctypes
import os
import signal


def f(n):
    number = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
    libc = ctypes.CDLL(None, use_errno=True)
    child = libc.syscall(number, 0x10000000 | 0x00020000 | signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    if child < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
