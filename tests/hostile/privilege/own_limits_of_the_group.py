# tries: lifts the limit of memory of its control group
# allowed: runtime_error
# never: a file of the control group can be written

def f(n):
    for name in ("memory.max", "memory/memory.limit_in_bytes", "pids/pids.max", "cgroup.procs", "memory/release_agent"):
        try:
            with open(f"/sys/fs/cgroup/{name}", "w") as file:
                file.write("max")
        except OSError:
            continue
        return n * n
    raise PermissionError("denied")
