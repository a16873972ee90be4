# kind: program
# tries: hands out a device that never ends
# allowed: artifact_rejected, wrong_answer, runtime_error
# never: a device is read

import os
import stat

number = int(input()) ** 2
try:
    os.mknod("out.txt", stat.S_IFCHR | 0o666, os.makedev(1, 5))
except OSError:
    os.symlink("/dev/zero", "out.txt")
print(number)
