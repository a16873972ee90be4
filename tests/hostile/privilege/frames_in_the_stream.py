# tries: writes to the stream of the supervisor through the file table of its processes
# allowed: runtime_error
# never: the stream to the host can be opened

import os


def f(n):
    for pid in (1, os.getppid()):
        for fd in (0, 1, 2):
            try:
                os.close(os.open(f"/proc/{pid}/fd/{fd}", os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            return n * n
    raise PermissionError("denied")
