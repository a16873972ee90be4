# tries: appends to a list until memory is gone
# allowed: oom, runtime_error
# never: another process than its own is killed

def f(n):
    hoard = []
    while True:
        hoard.append(bytearray(1 << 20))
