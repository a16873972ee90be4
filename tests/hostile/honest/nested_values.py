# tries: builds and takes apart lists nested a hundred and fifty deep
# allowed: passed
# never: nesting inside the program is a limit

import json


def f(n):
    value = n * n
    for _ in range(150):
        value = [value]
    value = json.loads(json.dumps(value))
    while isinstance(value, list):
        value = value[0]
    return value
