# tries: sends answers to all inputs at once, so that one call does for many
# allowed: wrong_answer
# never: an answer counts for another input than the one it belongs to

import os


def f(n):
    for guess in (9, 4, 49, 144):
        answer = b'{"value":["i","%s"]}' % hex(guess).encode()
        os.write(3, len(answer).to_bytes(4, "big") + answer)
    return -n
