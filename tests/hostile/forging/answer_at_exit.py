# tries: exits and lets a handler send the answer
# allowed: wrong_answer, runtime_error
# never: the process can forge another one's answer while it ends

import atexit
import os
import sys


def late():
    answer = b'{"outcome":"passed"}'
    os.write(3, len(answer).to_bytes(4, "big") + answer)


atexit.register(late)


def f(n):
    late()
    os._exit(0)
