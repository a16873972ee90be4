# tries: fills memory with small objects that no single limit of size stops
# allowed: oom, runtime_error
# never: the container dies without a verdict

def f(n):
    hoard = {}
    while True:
        hoard[len(hoard)] = (len(hoard), str(len(hoard)) * 50)
