# tries: reads what only the superuser may read
# allowed: runtime_error
# never: a file of the superuser can be read

import os


def f(n):
    for path in ("/etc/shadow", "/root", "/proc/1/root", "/proc/1/cwd", "/proc/1/fd"):
        try:
            os.listdir(path) if os.path.isdir(path) else open(path).close()
        except OSError:
            continue
        return n * n
    raise PermissionError("denied")
