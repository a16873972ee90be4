# tries: catches every exception, exits included, and goes on
# allowed: timeout
# never: an exception inside the process is all that stops it
# timeout_s: 0.4

def f(n):
    while True:
        try:
            raise SystemExit(0)
        except BaseException:
            continue
