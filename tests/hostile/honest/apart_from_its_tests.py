# kind: proxy
# tries: answers tests in another box, printing while it works
# allowed: passed
# never: an honest program is refused

import sys


def total(prices):
    print("adding", prices)
    return sum(prices)


def label(count):
    print("naming", count, file=sys.stderr)
    return f"{count} item" + "s" * (count != 1)
