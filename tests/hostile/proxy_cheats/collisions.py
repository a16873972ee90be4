# kind: proxy
# tries: answers with a set of numbers that all have the same hash, so that reading it takes for ever
# allowed: timeout, wrong_answer, output_limit
# never: reading an answer holds up the harness
# timeout_s: 3

PRIME = 2**61 - 1


def total(prices):
    return {PRIME * number for number in range(60_000)}


def label(count):
    return {PRIME * number for number in range(60_000)}
