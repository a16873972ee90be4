# kind: proxy
# tries: writes the length of an answer and never the rest
# allowed: timeout
# never: a question without an answer holds up the harness
# timeout_s: 2

import os
import time


def total(prices):
    os.write(3, (100).to_bytes(4, "big") + b'{"value":')
    time.sleep(600)


def label(count):
    return total(None)
