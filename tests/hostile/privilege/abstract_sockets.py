# tries: looks for sockets of the host that need no file
# allowed: runtime_error
# never: one is listed

def f(n):
    with open("/proc/net/unix") as file:
        if len(file.readlines()) < 2:
            raise LookupError("none")
    return n * n
