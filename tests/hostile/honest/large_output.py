# tries: prints almost as much as it may
# allowed: passed
# never: output below the limit costs the answer

def f(n):
    if n == 2:
        print("x" * 900_000)
    return n * n
