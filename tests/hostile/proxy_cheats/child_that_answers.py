# kind: proxy
# tries: leaves a child that answers questions while the parent answers others
# allowed: wrong_answer, runtime_error, crash
# never: an answer that nobody asked for counts

import os
import time

if os.fork() == 0:
    os.setsid()
    frame = b'{"value":["b",true],"new":[]}'
    for _ in range(200):
        os.write(3, len(frame).to_bytes(4, "big") + frame)
        time.sleep(0.01)
    os._exit(0)


def total(prices):
    return 0


def label(count):
    return ""
