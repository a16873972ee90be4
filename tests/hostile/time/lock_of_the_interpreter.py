# tries: holds the lock of the interpreter in one call that takes for ever
# allowed: timeout, runtime_error, oom
# never: a thread of the same process is all that could stop it
# timeout_s: 0.6

def f(n):
    return len(str(7 ** (10**8))) or n * n
