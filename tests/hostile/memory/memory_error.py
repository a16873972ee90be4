# tries: asks for more memory than an address space holds
# allowed: runtime_error
# never: the refusal is taken for a failure of the sandbox

def f(n):
    return len(bytearray(1 << 50)) or n * n
