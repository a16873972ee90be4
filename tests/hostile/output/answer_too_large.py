# tries: returns a list of a million texts
# allowed: output_limit, oom, wrong_answer
# never: a large value is decoded on the host

def f(n):
    return [n * n, *("x" * 20 for _ in range(10**6))]
