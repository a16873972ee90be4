# tries: recurses eight hundred calls deep
# allowed: passed
# never: recursion that Python allows is cut off

def add(times, n):
    return 0 if times == 0 else n + add(times - 1, n)


def f(n):
    return add(n, n) + add(800, 0)
