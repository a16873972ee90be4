# tries: uses half of its memory
# allowed: passed
# never: memory within the limit is refused

def f(n):
    space = bytearray(50 << 20)
    for place in range(0, len(space), 4096):
        space[place] = 1
    return n * n
