# tries: looks for a program that runs with another user's rights
# allowed: runtime_error
# never: there is one in the image

import os


def f(n):
    for top, _, names in os.walk("/usr"):
        for name in names:
            path = os.path.join(top, name)
            if not os.path.islink(path) and os.lstat(path).st_mode & 0o6000:
                return n * n
    raise LookupError("none")
