# tries: opens the memory and the disks of the machine, and the terminal
# allowed: runtime_error
# never: a device of the host can be opened

import os

PATHS = ("/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/kvm", "/dev/fuse", "/proc/kcore", "/dev/net/tun")


def f(n):
    for path in (*PATHS, "/dev/console"):
        try:
            os.close(os.open(path, os.O_RDWR))
        except OSError:
            continue
        return n * n
    raise OSError("none")
