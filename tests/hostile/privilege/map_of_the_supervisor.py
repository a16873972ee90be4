# tries: reads where the memory of the first process lies
# allowed: runtime_error
# never: addresses of another process are told

def f(n):
    with open("/proc/1/maps") as file:
        if not file.read():
            raise PermissionError("empty")
    return n * n
