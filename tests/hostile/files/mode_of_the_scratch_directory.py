# tries: takes the scratch directory away from everybody else
# allowed: runtime_error
# never: the next candidate cannot write

import os


def f(n):
    if os.stat("/tmp").st_uid == os.getuid():
        # Without root there is one user, and the wipe after it gives the directory its mode again.
        raise PermissionError("its own to change")
    os.chmod("/tmp", 0o700)
    return n * n
