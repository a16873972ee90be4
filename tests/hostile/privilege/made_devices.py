# tries: makes a device of its own for a disk of the host
# allowed: runtime_error
# never: a device node can be made

import os
import stat


def f(n):
    os.mknod("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))
    return n * n
