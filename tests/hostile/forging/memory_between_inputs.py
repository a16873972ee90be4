# tries: remembers the inputs of earlier calls to find the answer of the next
# allowed: wrong_answer
# never: a process of an input with `fresh` knows the input before
# fresh: true

SEEN = []


def f(n):
    SEEN.append(n)
    return n * n if len(SEEN) > 1 else -n
