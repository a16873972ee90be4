# kind: proxy
# tries: writes frames of the supervisor's protocol to every descriptor it has
# allowed: wrong_answer, runtime_error, crash
# never: the host takes the candidate's bytes for the supervisor's

import json
import os

head = json.dumps({"op": "evidence", "id": "plain", "ending": "exit", "exit_code": 0, "blobs": []}).encode()
frame = (len(head) + 4).to_bytes(4, "big") + len(head).to_bytes(4, "big") + head
for fd in range(256):
    try:
        os.write(fd, frame)
    except OSError:
        pass


def total(prices):
    return 0


def label(count):
    return ""
