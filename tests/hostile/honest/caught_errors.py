# tries: raises and catches errors of every kind on its way
# allowed: passed
# never: an error that was caught counts

def f(n):
    for kind in (ValueError, MemoryError, SystemExit, KeyboardInterrupt, RecursionError):
        try:
            raise kind("on the way")
        except BaseException as error:
            assert type(error) is kind
    return n * n
