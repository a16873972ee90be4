# tries: turns its output into its answers and its answers into its output
# allowed: wrong_answer, runtime_error, timeout
# never: printed text counts as an answer
# timeout_s: 0.6

import os


def f(n):
    os.dup2(3, 1)
    print('{"value":["i","0x4"]}', flush=True)
    return -n
