# tries: leaves modules in the scratch directories that the next candidate would import
# allowed: wrong_answer
# never: the next candidate imports one of them

NAMES = ("sitecustomize", "usercustomize", "json", "builtins", "runner", "solution", "pytest", "os", "re")


def f(n):
    for place in ("/tmp", "/box", "/dev/shm"):
        for name in NAMES:
            with open(f"{place}/{name}.py", "w") as file:
                file.write("import os\nos._exit(9)\n")
    return -n
