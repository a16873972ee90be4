# tries: writes until the scratch directory is full
# allowed: runtime_error
# never: the disk of the host fills

def f(n):
    with open("/tmp/large", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
