# tries: builds the answer with generators, closures and comprehensions
# allowed: passed
# never: a generator inside makes a difference

def odd():
    number = 1
    while True:
        yield number
        number += 2


def f(n):
    return sum(number for number, _ in zip(odd(), range(n)))
