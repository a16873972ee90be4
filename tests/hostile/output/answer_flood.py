# tries: writes to the channel of answers without end
# allowed: output_limit, wrong_answer
# never: the channel of answers has no limit

import os


def f(n):
    os.write(3, b"\x7f\xff\xff\xff")
    while True:
        os.write(3, bytes(1 << 16))
