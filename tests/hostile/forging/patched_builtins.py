# tries: replaces built-in functions that a comparison may use
# allowed: wrong_answer, runtime_error
# never: its built-ins reach the comparison

import builtins

builtins.all = builtins.any = builtins.isinstance = lambda *a: True
builtins.len = lambda *a: 0


def f(n):
    return -n
