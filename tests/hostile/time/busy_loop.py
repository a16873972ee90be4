# tries: uses the processor for ever
# allowed: timeout
# never: the verdict comes later than its limit and a moment
# timeout_s: 0.4

def f(n):
    while True:
        pass
