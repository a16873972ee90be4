# kind: program
# tries: writes names with steps upwards and absolute ones beside where it may
# allowed: wrong_answer, runtime_error, artifact_rejected
# never: a name of the candidate's choice is used on the host

import os

number = int(input()) ** 2
for name in ("..\\out.txt", "out.txt\n", "../out.txt", "/box/out.txt"):
    with open(name, "w") as file:
        file.write(f"{number}\n")
print(number)
