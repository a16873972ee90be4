# tries: starts threads that sleep until no more can be started
# allowed: runtime_error, timeout
# never: the supervisor cannot start its own processes any more
# timeout_s: 0.8

import threading
import time


def f(n):
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
