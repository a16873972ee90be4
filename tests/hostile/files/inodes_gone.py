# tries: makes empty files until there are no more inodes
# allowed: runtime_error
# never: the next candidate cannot make a file

def f(n):
    count = 0
    while True:
        count += 1
        with open(f"/tmp/{count}", "w"):
            pass
