# kind: program
# tries: moves the working directory away and puts a link to another one in its place
# allowed: artifact_rejected, wrong_answer, runtime_error
# never: a link in the path is followed

import os

number = int(input()) ** 2
os.mkdir("/tmp/mine")
with open("/tmp/mine/out.txt", "w") as file:
    file.write(f"{number}\n")
here = os.getcwd()
os.chdir("/")
os.rename(here, f"{here}-old")
os.symlink("/tmp/mine", here)
print(number)
