# tries: sets signal handlers and an alarm for itself
# allowed: passed
# never: a handler of its own counts as an attack

import signal


def f(n):
    rang = []
    signal.signal(signal.SIGALRM, lambda *args: rang.append(n * n))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    while not rang:
        signal.pause()
    return rang[0]
