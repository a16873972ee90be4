# kind: program
# tries: writes its file through a temporary one in a directory of its own
# allowed: passed
# never: a file that was renamed into place is refused

import os
import sys

number = int(sys.stdin.read()) ** 2
os.makedirs("work", exist_ok=True)
with open("work/part", "w") as file:
    file.write(f"{number}\n")
os.replace("work/part", "out.txt")
print(number)
sys.exit(0)
