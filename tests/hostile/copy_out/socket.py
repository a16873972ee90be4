# kind: program
# tries: hands out a socket
# allowed: artifact_rejected, wrong_answer
# never: it is opened

import socket

number = int(input()) ** 2
socket.socket(socket.AF_UNIX).bind("out.txt")
print(number)
