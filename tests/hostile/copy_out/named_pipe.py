# kind: program
# tries: hands out a pipe so that whoever opens it waits
# allowed: artifact_rejected, wrong_answer, runtime_error
# never: reading it holds the supervisor

import os

number = int(input()) ** 2
os.mkfifo("out.txt")
print(number)
