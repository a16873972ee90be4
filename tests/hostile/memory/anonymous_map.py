# tries: maps a gibibyte and touches every page
# allowed: oom, runtime_error
# never: pages beyond the limit are handed out

import mmap


def f(n):
    space = mmap.mmap(-1, 1 << 30)
    for place in range(0, 1 << 30, 4096):
        space[place] = 1
    return n * n
