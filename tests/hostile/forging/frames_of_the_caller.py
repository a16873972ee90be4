# tries: looks through the frames of its callers and all living objects for the expected value
# allowed: runtime_error
# never: an expected value is in its process

import gc
import sys


def f(n):
    frame = sys._getframe(1)
    while frame is not None:
        for name, value in frame.f_locals.items():
            if "expect" in name or (type(value) is dict and "expect" in value):
                return n * n
        frame = frame.f_back
    for found in gc.get_objects():
        if type(found) is dict and ("expect" in found or "expected" in found):
            return n * n
    raise LookupError("none")
