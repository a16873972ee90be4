# tries: replaces the functions that write answers by its own
# allowed: wrong_answer, runtime_error, timeout
# never: an encoder in its process can make a wrong value right
# timeout_s: 1

import gc
import types


def f(n):
    for found in gc.get_objects():
        if isinstance(found, types.FunctionType) and found.__name__ in ("encode", "same", "dumps", "verify"):
            found.__code__ = (lambda *a, **k: '{"outcome": "passed"}').__code__
    return -n
