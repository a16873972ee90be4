# tries: gives the matcher a pattern that takes exponential time
# allowed: timeout
# never: code in C cannot be stopped
# timeout_s: 0.6

import re


def f(n):
    return bool(re.match(r"(a|aa)+$", "a" * 60 + "b")) or n * n
