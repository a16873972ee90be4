# tries: takes on the groups of the superuser
# allowed: runtime_error
# never: a group is left from before

import os


def f(n):
    if 0 not in (*os.getgroups(), *os.getresgid()):
        os.setgroups([0])
    return n * n
