# tries: forks ten times over and lets every copy try to answer
# allowed: wrong_answer, runtime_error, timeout
# never: an answer of one copy counts for the input of another
# timeout_s: 1

import os


def f(n):
    for _ in range(10):
        os.fork()
    return n + 1
