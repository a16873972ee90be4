# kind: proxy
# tries: puts modules into its directory that pytest would like to have, and names of the standard library
# allowed: wrong_answer, runtime_error
# never: the box of the tests imports one of them, or sends one of them the source of a test

import os

CODE = """
import os
def __getattr__(name):
    def answer(*args, **keys):
        open("/tmp/seen", "a").write(repr(args))
        return ""
    return answer
"""
for name in ("pygments", "exceptiongroup", "colorama", "readline", "numpy", "json", "conftest", "tests", "pytest"):
    with open(f"{name}.py", "w") as file:
        file.write(CODE)


def seen(right):
    return right if os.path.exists("/tmp/seen") else None


def total(prices):
    return seen(sum(prices))


def label(count):
    return seen(f"{count} item" + "s" * (count != 1))
