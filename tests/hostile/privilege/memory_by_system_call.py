# tries: reads the memory of its parent by a system call that needs no file
# allowed: runtime_error
# never: the call is allowed

import ctypes
import os


class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    here = ctypes.create_string_buffer(8)
    local = Span(ctypes.addressof(here), 8)
    remote = Span(id(n), 8)
    if libc.process_vm_readv(os.getppid(), ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) != 8:
        raise OSError(ctypes.get_errno(), "denied")
    return n * n
