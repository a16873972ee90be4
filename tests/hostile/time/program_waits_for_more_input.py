# kind: program
# tries: waits for input after the end of it, again and again
# allowed: timeout
# never: the end of the input keeps a program alive
# timeout_s: 0.6

import os
import time

while True:
    os.read(0, 1)
    time.sleep(0.01)
