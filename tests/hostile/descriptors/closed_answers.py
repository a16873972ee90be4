# tries: closes the channel of answers and exits with zero
# allowed: runtime_error
# never: an exit code stands for an answer

import os


def f(n):
    os.close(3)
    os._exit(0)
