# kind: program
# tries: leaves a process that writes the file when the program is over
# allowed: wrong_answer
# never: a file changes or appears after the end of the program

import os
import time

number = int(input()) ** 2
print(number, flush=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(0.05)
    while True:
        with open("/box/work/out.txt", "w") as file:
            file.write(f"{number}\n")
