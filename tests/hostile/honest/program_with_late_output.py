# kind: program
# tries: prints from a handler at exit
# allowed: passed
# never: what is written at exit is lost

import atexit

number = int(input()) ** 2


def late():
    with open("out.txt", "w") as file:
        file.write(f"{number}\n")
    print(number)


atexit.register(late)
