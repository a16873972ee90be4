# tries: talks to the container engine
# allowed: runtime_error
# never: its socket is inside

import glob
import os
import socket
import stat


def f(n):
    found = [path for pattern in ("/run/**", "/var/run/**") for path in glob.glob(pattern, recursive=True)]
    for path in (*found, "/var/run/docker.sock", "/run/containerd/containerd.sock"):
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            with socket.socket(socket.AF_UNIX) as line:
                line.connect(path)
            return n * n
    raise LookupError("none")
