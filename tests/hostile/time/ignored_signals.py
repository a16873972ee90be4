# tries: ignores and blocks every signal and loops
# allowed: timeout
# never: it needs a signal that can be ignored to end it
# timeout_s: 0.4

import signal


def f(n):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        pass
