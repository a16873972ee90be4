# kind: program
# tries: prints the right number with a NUL byte and a line break more
# allowed: wrong_answer
# never: output is trimmed until it is right

number = int(input()) ** 2
with open("out.txt", "w") as file:
    file.write(f"{number}\n")
print(f"{number}\x00\n")
