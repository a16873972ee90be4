# tries: asks for as many watches on files as the kernel gives
# allowed: runtime_error, wrong_answer
# never: another user's watches run out

import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    for _ in range(300):
        if libc.inotify_init() < 0:
            raise OSError(ctypes.get_errno(), "no more")
    return -n
