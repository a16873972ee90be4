# tries: returns values of other types that compare equal to the right ones
# allowed: wrong_answer
# never: equality across types counts

def f(n):
    return complex(n * n) if n % 2 else float(n * n)
