# tries: lets a child send an answer over the inherited channel after the parent is gone
# allowed: runtime_error, wrong_answer
# never: an answer counts that came after the process had ended

import os
import time


def f(n):
    if os.fork() == 0:
        time.sleep(0.2)
        answer = b'{"value":["i","%s"]}' % hex(n * n).encode()
        os.write(3, len(answer).to_bytes(4, "big") + answer)
        os._exit(0)
    os._exit(0)
