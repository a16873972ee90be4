# tries: opens files until there are no more descriptors
# allowed: runtime_error
# never: the descriptors of another process are used up

def f(n):
    held = []
    while True:
        held.append(open("/dev/null"))
