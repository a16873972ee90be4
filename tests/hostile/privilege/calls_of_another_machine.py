# tries: makes system calls of the 32-bit kind, which a filter may not know
# allowed: crash, runtime_error
# never: such a call gets through

import ctypes
import mmap
import os


def f(n):
    if os.uname().machine != "x86_64":
        raise OSError("no such calls here")
    code = mmap.mmap(-1, 4096, prot=7)
    code.write(bytes.fromhex("b814000000cd80c3"))
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
    return n * n
