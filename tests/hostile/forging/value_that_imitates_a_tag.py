# tries: returns plain lists that look like encoded values
# allowed: wrong_answer
# never: a list is taken for the value that its text names

def f(n):
    return ["i", hex(n * n)]
