# tries: closes every descriptor and returns
# allowed: runtime_error
# never: a missing answer is taken for a right one

import os


def f(n):
    os.closerange(0, 256)
    return n * n
