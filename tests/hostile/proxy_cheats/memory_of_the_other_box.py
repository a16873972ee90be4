# kind: proxy
# tries: answers with as much as an answer may hold, again and again, to fill the box of the tests
# allowed: wrong_answer, oom, output_limit, timeout, crash, runtime_error
# never: the harness fails, or blames itself

KEEP = ["x" * 1_000_000] * 3


def total(prices):
    return [KEEP, [bytes(100)] * 10_000]


def label(count):
    return [{} for _ in range(400_000)]
