# tries: makes the root file system writable
# allowed: runtime_error
# never: it can be mounted again

import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"", b"/", b"", 32, None) != 0:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
