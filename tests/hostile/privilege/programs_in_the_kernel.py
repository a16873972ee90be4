# tries: loads programs into the kernel, watches its events or uses its queues
# allowed: runtime_error
# never: one of the calls is allowed

import ctypes
import os

NUMBERS = {"x86_64": (321, 298, 323, 425, 310, 438), "aarch64": (280, 241, 282, 425, 270, 438)}


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    for number in NUMBERS[os.uname().machine]:
        ctypes.set_errno(0)
        if libc.syscall(number, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):
            return n * n
    raise PermissionError("denied")
