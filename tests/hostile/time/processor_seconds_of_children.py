# tries: burns processor time in children that come and go
# allowed: timeout
# never: children are not stopped with their parent
# timeout_s: 0.8

import os


def f(n):
    while True:
        child = os.fork()
        if child == 0:
            sum(range(10**5))
            os._exit(0)
        os.waitpid(child, 0)
