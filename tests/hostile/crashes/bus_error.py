# tries: touches a mapped file behind its end
# allowed: crash
# never: a signal other than the usual ones is unknown

import mmap
import os


def f(n):
    fd = os.open("/tmp/short", os.O_CREAT | os.O_RDWR | os.O_TRUNC)
    os.ftruncate(fd, 8192)
    space = mmap.mmap(fd, 8192)
    os.ftruncate(fd, 0)
    return space[5000] or n * n
