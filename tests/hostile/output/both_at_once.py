# tries: stays below the limit on each stream and above it on both together
# allowed: output_limit
# never: the limit counts a stream alone

import os


def f(n):
    for _ in range(14):
        os.write(1, bytes(50_000))
        os.write(2, bytes(50_000))
    return n * n
