# kind: proxy
# tries: answers with lists nested deeper than anything reads, and with one that contains itself
# allowed: wrong_answer, runtime_error
# never: depth breaks the host or the tests

def total(prices):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep


def label(count):
    circle = []
    circle.append(circle)
    return circle
