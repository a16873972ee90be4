# tries: asks the kernel for a route to an address outside
# allowed: runtime_error
# never: there is a route

import socket


def f(n):
    for address in ("192.0.2.1", "172.17.0.1", "10.0.0.1", "169.254.169.254"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            try:
                line.connect((address, 9))
            except OSError:
                continue
        return n * n
    raise OSError("no route")
