# tries: leaves links to system directories for a cleaner that follows them
# allowed: wrong_answer
# never: the cleaner deletes or changes what a link points to

import os


def f(n):
    os.makedirs("/tmp/a", exist_ok=True)
    for number, target in enumerate(("/usr/lib", "/opt/harness", "/proc/1", "/etc", "/dev")):
        os.symlink(target, f"/tmp/a/{n}-{number}")
        os.symlink(target, f"/box/{n}-{number}")
    return -n
