# tries: writes to standard error without end
# allowed: output_limit
# never: the log of the engine grows

import sys


def f(n):
    while True:
        print("warning " * 1000, file=sys.stderr)
