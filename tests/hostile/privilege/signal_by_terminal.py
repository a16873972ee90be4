# tries: makes a terminal of its own the one of the supervisor
# allowed: runtime_error
# never: the supervisor takes signals or input from it

import fcntl
import os
import termios


def f(n):
    for path in ("/proc/1/fd/0", "/dev/tty", "/dev/console"):
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
            fcntl.ioctl(fd, termios.TIOCSTI, b"x")
        except OSError:
            continue
        return n * n
    raise OSError("denied")
