# tries: becomes the superuser of a namespace of its own
# allowed: runtime_error
# never: a namespace can be made

import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
