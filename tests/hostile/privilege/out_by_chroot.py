# tries: leaves its root the old way
# allowed: runtime_error
# never: the root can be changed

import os


def f(n):
    os.mkdir("/tmp/cell")
    os.chroot("/tmp/cell")
    os.chdir("../" * 40)
    return n * n
