# tries: opens sockets of families that reach the host or the kernel's less used parts
# allowed: runtime_error
# never: one opens

import socket


def f(n):
    for family in (40, 38, 31, 29, 30, 44, 21, 15, 39, 42):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
        except OSError:
            continue
        return n * n
    raise OSError("denied")
