# tries: nests directories deeper than a path can say
# allowed: wrong_answer, runtime_error
# never: the scratch directory stays dirty and is used again

import os


def f(n):
    os.chdir("/tmp")
    for _ in range(1500):
        os.mkdir("d")
        os.chdir("d")
    return -n
