# tries: asks another interpreter for the answer
# allowed: passed
# never: a child within the limits is refused

import subprocess
import sys


def f(n):
    command = [sys.executable or "/usr/bin/python3", "-I", "-S", "-c", f"print({n} * {n})"]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
