# kind: program
# tries: hands out a file that has a second name
# allowed: artifact_rejected, wrong_answer
# never: a file that may belong to somebody else comes out

import os

number = int(input()) ** 2
with open("first", "w") as file:
    file.write(f"{number}\n")
os.link("first", "out.txt")
print(number)
