# tries: looks for any place outside of the scratch directories where a file can be left
# allowed: runtime_error
# never: there is a place that no cleaner knows

import os

KNOWN = ("/tmp", "/dev/shm", "/box", "/proc", "/sys")


def f(n):
    for top, folders, _ in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(top, name) not in KNOWN]
        try:
            os.close(os.open(os.path.join(top, ".mark"), os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError:
            continue
        return n * n
    raise OSError("no such place")
