# tries: reads the environment of the first process
# allowed: runtime_error
# never: the environment of another process can be read

def f(n):
    with open("/proc/1/environ", "rb") as file:
        file.read()
    return n * n
