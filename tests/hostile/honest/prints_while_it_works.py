# tries: prints to both streams before it returns
# allowed: passed
# never: output beside the answer makes it wrong

import sys

print("loaded")


def f(n):
    print("working on", n)
    print("half way", file=sys.stderr)
    return n * n
