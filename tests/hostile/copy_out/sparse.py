# kind: program
# tries: hands out a file that is large only by its size
# allowed: artifact_rejected, wrong_answer
# never: the holes are filled on the host

number = int(input()) ** 2
with open("out.txt", "wb") as file:
    file.write(f"{number}\n".encode())
    file.truncate(60 << 20)
print(number)
