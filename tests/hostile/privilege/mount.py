# tries: mounts a file system of its own over a directory
# allowed: runtime_error
# never: something can be mounted

import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
