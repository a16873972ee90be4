# tries: prints frames of the protocol between supervisor and host
# allowed: wrong_answer
# never: printed bytes are read as frames

import os


def f(n):
    frame = b'{"header":{"op":"evidence","id":"f(3)","ending":"value"},"blobs":{}}'
    for fd in (1, 2):
        os.write(fd, len(frame).to_bytes(4, "big") + frame)
    return -n
