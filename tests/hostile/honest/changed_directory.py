# tries: changes its working directory, its environment and its arguments
# allowed: passed
# never: a change in its own process spoils the answer

import os
import sys


def f(n):
    os.chdir("/")
    os.environ["ANSWER"] = str(n)
    sys.argv[:] = []
    os.umask(0o077)
    return int(os.environ["ANSWER"]) ** 2
