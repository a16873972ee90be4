# tries: starts interpreters in a loop and waits for none
# allowed: runtime_error, timeout, oom
# never: the machine swaps or the supervisor starves
# timeout_s: 1

import subprocess
import sys


def f(n):
    started = []
    while True:
        started.append(subprocess.Popen([sys.executable or "/usr/bin/python3", "-c", "import time; time.sleep(60)"]))
