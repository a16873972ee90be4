# kind: program
# tries: hands out the right file with the bits that make it run as its owner
# allowed: artifact_rejected
# never: a file with these bits is taken

import os

number = int(input()) ** 2
with open("out.txt", "w") as file:
    file.write(f"{number}\n")
os.chmod("out.txt", 0o6755)
print(number)
