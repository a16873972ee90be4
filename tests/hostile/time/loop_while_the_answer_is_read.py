# tries: returns a value that takes for ever to read
# allowed: wrong_answer, timeout
# never: reading a value runs code of the candidate without a deadline
# timeout_s: 0.4

class Endless(list):
    def __iter__(self):
        while True:
            yield 1


def f(n):
    return Endless([n * n])
