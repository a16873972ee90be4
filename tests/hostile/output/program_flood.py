# kind: program
# tries: floods standard output and ignores that nobody reads
# allowed: output_limit
# never: a program has more room than a function

import signal
import sys

signal.signal(signal.SIGPIPE, signal.SIG_IGN)
while True:
    sys.stdout.write("y\n" * 10000)
