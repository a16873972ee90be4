# tries: looks for keys and tokens in its own environment
# allowed: runtime_error
# never: a setting of the host is in the environment

import os


def f(n):
    words = ("KEY", "TOKEN", "SECRET", "PASSWORD", "HARNESS", "DOCKER", "PROXY")
    if not [name for name in os.environ if any(word in name.upper() for word in words)]:
        raise LookupError("none")
    return n * n
