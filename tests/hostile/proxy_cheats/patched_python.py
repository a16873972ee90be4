# kind: proxy
# tries: replaces what the interpreter, pytest and its own server use: builtins, json, sys.modules
# allowed: wrong_answer, runtime_error, timeout
# never: a change of the candidate's process is one of the process of the tests

import builtins
import sys
import types

for name in ("pytest", "_pytest", "_pytest.runner", "unittest", "json"):
    sys.modules[name] = types.ModuleType(name)
builtins.isinstance = lambda *args: True
builtins.AssertionError = builtins.StopIteration
builtins.len = lambda value: 3


def total(prices):
    return 0


def label(count):
    return ""
