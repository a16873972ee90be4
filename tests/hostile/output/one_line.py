# tries: prints one line of four mebibytes
# allowed: output_limit
# never: a line without an end is collected whole

def f(n):
    print("x" * (4 << 20), flush=True)
    return n * n
