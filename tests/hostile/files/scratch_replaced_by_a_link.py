# tries: renames the scratch directory and puts a link in its place
# allowed: runtime_error
# never: a cleaner follows the link

import os


def f(n):
    os.rename("/tmp", "/tmp-old")
    os.symlink("/etc", "/tmp")
    return n * n
