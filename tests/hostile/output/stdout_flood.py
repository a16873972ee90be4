# tries: writes to standard output without end
# allowed: output_limit
# never: the host keeps more than the limit

import os


def f(n):
    while True:
        os.write(1, bytes(1 << 16))
