# tries: locks eight mebibytes so that they cannot be taken away
# allowed: runtime_error
# never: pages are locked beyond the limit

import ctypes

SPACE = ctypes.create_string_buffer(8 << 20)


def f(n):
    if ctypes.CDLL(None, use_errno=True).mlock(SPACE, ctypes.c_size_t(8 << 20)) != 0:
        raise OSError(ctypes.get_errno(), "not locked")
    return n * n
