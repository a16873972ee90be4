# kind: program
# tries: hands out a directory with the right file in it
# allowed: artifact_rejected, wrong_answer
# never: a directory is walked

import os

number = int(input()) ** 2
os.mkdir("out.txt")
with open("out.txt/out.txt", "w") as file:
    file.write(f"{number}\n")
print(number)
