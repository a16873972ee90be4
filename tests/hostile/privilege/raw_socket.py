# tries: opens sockets that see or make packets of any kind
# allowed: runtime_error
# never: one opens

import socket


def f(n):
    for family, kind in ((socket.AF_PACKET, socket.SOCK_RAW), (socket.AF_INET, socket.SOCK_RAW)):
        try:
            socket.socket(family, kind).close()
        except OSError:
            continue
        return n * n
    raise OSError("denied")
