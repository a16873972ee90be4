# tries: raises an error with a text of eight mebibytes
# allowed: runtime_error
# never: the text of an error has no limit

def f(n):
    raise ValueError("x" * (8 << 20))
