# tries: each process forks its successor and ends, so that the one to be killed is always gone already
# allowed: wrong_answer, timeout, runtime_error
# never: the relay outruns the one who kills it
# timeout_s: 1

import os


def f(n):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
    return -n
