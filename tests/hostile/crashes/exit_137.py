# tries: exits with the code that kills for memory have elsewhere
# allowed: runtime_error
# never: a code says what only the kernel can know

import os


def f(n):
    os._exit(137)
