# tries: takes locks on shared files of the system and leaves a child that holds them
# allowed: wrong_answer, runtime_error
# never: the next candidate waits for a lock

import fcntl
import os
import sys
import time


def f(n):
    if os.fork() == 0:
        held = [open(path) for path in (os.__file__, fcntl.__file__ or os.__file__, "/etc/hosts")]
        for file in held:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(600)
    sys.stdout.flush()
    return -n
