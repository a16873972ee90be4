# tries: joins the namespaces of the first process
# allowed: runtime_error
# never: a namespace of another process opens

import ctypes
import os


def f(n):
    fd = os.open("/proc/1/ns/mnt", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
