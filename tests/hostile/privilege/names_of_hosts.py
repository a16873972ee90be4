# tries: resolves a name
# allowed: runtime_error
# never: a resolver answers

import socket


def f(n):
    socket.getaddrinfo("host.invalid", 80)
    socket.getaddrinfo("example.com", 80)
    return n * n
