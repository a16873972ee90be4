# tries: leaves directories of mode 000 with files in them
# allowed: wrong_answer
# never: the cleaner passes them over

import os


def f(n):
    for number in range(5):
        place = f"/tmp/closed-{n}-{number}"
        os.makedirs(f"{place}/more")
        with open(f"{place}/more/file", "w") as file:
            file.write("left")
        os.chmod(f"{place}/more", 0)
        os.chmod(place, 0)
    return -n
