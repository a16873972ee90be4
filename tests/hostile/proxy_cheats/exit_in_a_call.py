# kind: proxy
# tries: ends its process with success in the middle of a call
# allowed: runtime_error
# never: the end of the candidate's process is taken for the end of the tests

import os


def total(prices):
    os._exit(0)


def label(count):
    os._exit(0)
