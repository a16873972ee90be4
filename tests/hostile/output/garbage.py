# kind: program
# tries: prints bytes that are no text and escape sequences for a terminal
# allowed: wrong_answer
# never: the bytes are decoded, obeyed or lost on the way

import os

os.write(1, bytes(range(256)) + b"\x1b]0;owned\x07\x1b[2J\x00\xff\xfe")
