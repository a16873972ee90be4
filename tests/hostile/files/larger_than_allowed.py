# tries: makes one file of a tebibyte, most of it holes
# allowed: runtime_error
# never: a size beyond the limit is accepted

def f(n):
    with open("/dev/shm/holes", "wb") as file:
        file.truncate(1 << 40)
    return n * n
