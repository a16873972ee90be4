# tries: lets a child run out of memory and answers rightly all the same
# allowed: oom
# without_cgroup: runtime_error
# never: a right answer hides that the limit was broken

import os


def f(n):
    child = os.fork()
    if child == 0:
        hoard = []
        while True:
            hoard.append(bytearray(1 << 20))
    os.waitpid(child, 0)
    return n * n
