# kind: program
# tries: hands out a right file of mode 000, which only the superuser could read
# allowed: artifact_rejected, wrong_answer
# never: somebody with more rights than the candidate reads it

import os

number = int(input()) ** 2
with open("out.txt", "w") as file:
    file.write(f"{number}\n")
os.chmod("out.txt", 0)
print(number)
