# kind: program
# tries: leaves a process that swaps the file for a link again and again
# allowed: wrong_answer, artifact_rejected
# never: the file is another one when it is read than when it was checked

import os

print(int(input()) ** 2, flush=True)
if os.fork() == 0:
    os.setsid()
    while True:
        for step in (lambda: os.symlink("/etc/passwd", "x"), lambda: os.rename("x", "out.txt")):
            try:
                step()
            except OSError:
                pass
