# tries: lets a thread race the supervisor with answers to inputs that are yet to come
# allowed: wrong_answer, runtime_error, output_limit
# never: an early answer is kept for a later input that it happens to fit

import os
import threading
import time


def race():
    for guess in range(200):
        answer = b'{"value":["i","%s"]}' % hex(guess).encode()
        os.write(3, len(answer).to_bytes(4, "big") + answer)
        time.sleep(0.001)


def f(n):
    threading.Thread(target=race, daemon=True).start()
    time.sleep(0.05)
    return -n
