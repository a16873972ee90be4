# tries: starts children that end at once and never waits for them
# allowed: runtime_error, timeout
# never: the table of processes stays full for the next candidate
# timeout_s: 0.8

import os


def f(n):
    while True:
        if os.fork() == 0:
            os._exit(0)
