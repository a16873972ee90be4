# tries: ends with an exit code when it is run as a script
# allowed: passed
# never: the lines for a script run when it is imported

import sys


def f(n):
    return n * n


if __name__ == "__main__":
    sys.exit(f(3))
