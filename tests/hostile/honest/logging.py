# tries: logs every step at every level
# allowed: passed
# never: log lines are taken for answers

import logging

logging.basicConfig(level=logging.DEBUG)


def f(n):
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        logging.log(level, "step with %r", {"value": n})
    return n * n
