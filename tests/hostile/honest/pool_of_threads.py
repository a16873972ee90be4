# tries: spreads its work over a pool of threads
# allowed: passed
# never: a pool that is not closed keeps the answer back

from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(8)


def f(n):
    return sum(POOL.map(lambda _: n, range(n)))
