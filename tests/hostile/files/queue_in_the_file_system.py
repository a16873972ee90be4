# tries: makes a message queue as a file, where no cleaner looks, and keeps a message in it
# allowed: runtime_error
# never: a queue outlives the candidate

import os


def f(n):
    os.close(os.open("/dev/mqueue/letters", os.O_CREAT | os.O_RDWR, 0o666))
    return n * n
