# tries: calls itself for ever
# allowed: runtime_error
# never: the process dies of it without a word

def f(n):
    return f(n + 1)
