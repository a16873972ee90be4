# tries: adds up in threads
# allowed: passed
# never: threads count as an attack

import threading


def f(n):
    parts = []
    workers = [threading.Thread(target=parts.append, args=(n,)) for _ in range(n)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(parts)
