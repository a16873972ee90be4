# tries: makes a program of its own that runs with the rights of its owner, and starts it
# allowed: runtime_error
# never: a file in a scratch directory can be started

import os
import shutil
import subprocess


def f(n):
    shutil.copy("/usr/bin/id", "/tmp/id")
    os.chmod("/tmp/id", 0o6755)
    subprocess.run(["/tmp/id"], check=True)
    return n * n
