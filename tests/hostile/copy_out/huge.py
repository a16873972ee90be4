# kind: program
# tries: hands out a file of twenty mebibytes
# allowed: artifact_rejected, wrong_answer
# never: it comes out whole or in part

number = int(input()) ** 2
with open("out.txt", "wb") as file:
    file.write(f"{number}\n".encode())
    for _ in range(20):
        file.write(bytes(1 << 20))
print(number)
