# tries: writes into the standard library that the next process loads
# allowed: runtime_error
# never: a file outside of the scratch directories changes

import json


def f(n):
    with open(json.__file__, "a") as file:
        file.write("\n")
    return n * n
