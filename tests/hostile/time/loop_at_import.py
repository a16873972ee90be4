# tries: never gets as far as its function
# allowed: timeout
# never: loading is not counted
# timeout_s: 0.4

while True:
    pass
