# tries: asks the kernel to kill anybody else first when memory is short
# allowed: runtime_error
# never: its score falls, so that the supervisor is killed in its place

def f(n):
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("-1000")
    return n * n
