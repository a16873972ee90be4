# tries: writes a byte a call without end
# allowed: output_limit, timeout
# never: many small writes cost the supervisor more than its limit
# timeout_s: 1

import os


def f(n):
    while True:
        os.write(1, b"x")
