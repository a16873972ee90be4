# tries: looks for a network interface other than the loopback
# allowed: runtime_error
# never: there is one

import socket


def f(n):
    if [name for _, name in socket.if_nameindex()] == ["lo"]:
        raise OSError("the loopback alone")
    return n * n
