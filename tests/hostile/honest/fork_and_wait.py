# tries: computes in a child and reads the result from a pipe
# allowed: passed
# never: a child that was waited for counts as left over

import os


def f(n):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(n * n).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as file:
        return int(file.read())
