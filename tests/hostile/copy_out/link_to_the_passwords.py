# kind: program
# tries: hands out a link to a file of the system
# allowed: artifact_rejected, wrong_answer
# never: a file of the host or the image comes out

import os

number = int(input()) ** 2
os.symlink("/etc/passwd", "out.txt")
print(number)
