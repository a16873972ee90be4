# tries: makes a System V segment, which would outlive its process
# allowed: runtime_error
# never: memory stays charged after its owner died

import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.shmget(0, ctypes.c_size_t(1 << 20), 0o1666) < 0:
        raise OSError(ctypes.get_errno(), "no segment")
    return n * n
