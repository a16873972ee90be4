# tries: lifts its own limits of processes, files and size
# allowed: runtime_error
# never: a limit goes up

import resource


def f(n):
    for what in (resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
        resource.setrlimit(what, (10**6, 10**6))
    return n * n
