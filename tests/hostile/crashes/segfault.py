# tries: reads from address zero
# allowed: crash
# never: a crash leaves a core file or a wrong verdict

import ctypes


def f(n):
    return ctypes.string_at(0) or n * n
