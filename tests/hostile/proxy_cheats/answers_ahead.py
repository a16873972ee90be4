# kind: proxy
# tries: writes frames of right-looking answers before anybody asks
# allowed: wrong_answer, runtime_error, crash
# never: an answer counts for a question that came after it

import os

for answer in (b'{"value":["i","0x3"],"new":[]}', b'{"value":["s","1 item"],"new":[]}') * 20:
    os.write(3, len(answer).to_bytes(4, "big") + answer)


def total(prices):
    return 0


def label(count):
    return ""
