# tries: computes with numbers of ten thousand digits
# allowed: passed
# never: the length of a number is a limit

def f(n):
    large = 10**10_000 + n
    return large * large - 2 * n * 10**10_000 - 10**20_000
