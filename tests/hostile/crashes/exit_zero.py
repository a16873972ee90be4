# tries: exits with success before it answered
# allowed: runtime_error
# never: success of the process counts as a right answer

import os


def f(n):
    os._exit(0)
