# kind: workspace
# tries: writes a conftest, a configuration and start-up modules while it is imported
# allowed: wrong_answer, tampered, runtime_error
# never: one of these files is read, now or by the next process

HOOK = "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"
FILES = {
    "conftest.py": HOOK,
    "tests/conftest.py": HOOK,
    "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    "sitecustomize.py": "import os\nos._exit(0)\n",
    "usercustomize.py": "import os\nos._exit(0)\n",
    "/tmp/sitecustomize.py": "import os\nos._exit(0)\n",
    "/dev/shm/sitecustomize.py": "import os\nos._exit(0)\n",
}
for path, text in FILES.items():
    with open(path, "w") as file:
        file.write(text)


def total(prices):
    return 0


def label(count):
    return ""
