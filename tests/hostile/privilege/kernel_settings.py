# tries: changes a setting of the kernel that runs a program on a crash
# allowed: runtime_error
# never: a setting can be written

def f(n):
    with open("/proc/sys/kernel/core_pattern", "w") as file:
        file.write("|/tmp/run")
    return n * n
