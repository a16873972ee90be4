# tries: doubles a text until it does not fit
# allowed: oom, runtime_error
# never: the supervisor is killed for it

def f(n):
    text = "x"
    while True:
        text += text
