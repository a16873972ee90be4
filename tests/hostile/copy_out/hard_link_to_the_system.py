# kind: program
# tries: gives a file of the system a second name in the working directory
# allowed: artifact_rejected, wrong_answer, runtime_error
# never: such a name can be made

import os

number = int(input()) ** 2
os.link("/etc/hostname", "out.txt")
print(number)
