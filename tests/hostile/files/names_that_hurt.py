# tries: leaves files whose names are no text, options or long
# allowed: wrong_answer
# never: the cleaner stumbles over a name

import os


def f(n):
    for name in (b"-rf", b"\xff\xfe", b"new\nline", b"\x1b[2J", b" ", b"x" * 255, b"*", b"..."):
        with open(b"/tmp/" + name, "w"):
            pass
    os.symlink("/", f"/tmp/root-{n}")
    os.symlink("/tmp", f"/tmp/loop-{n}")
    return -n
