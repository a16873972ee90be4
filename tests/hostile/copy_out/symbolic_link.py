# kind: program
# tries: hands out a link to a file with the right content elsewhere
# allowed: artifact_rejected, wrong_answer
# never: a link is followed

import os

number = int(input()) ** 2
with open("/tmp/elsewhere", "w") as file:
    file.write(f"{number}\n")
os.symlink("/tmp/elsewhere", "out.txt")
print(number)
