# tries: looks for variables that were deleted but still lie in the memory of the process
# allowed: runtime_error
# never: what the supervisor was started with tells a secret

def f(n):
    with open("/proc/self/environ", "rb") as file:
        names = {entry.partition(b"=")[0] for entry in file.read().split(b"\0")}
    if names <= {b"", b"PATH", b"LANG", b"PYTHONHASHSEED", b"HOSTNAME", b"HOME"}:
        raise LookupError("nothing of interest")
    return n * n
