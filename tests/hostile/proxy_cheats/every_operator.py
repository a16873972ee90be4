# kind: proxy
# tries: returns an object that has every special method, each of which agrees
# allowed: wrong_answer, runtime_error
# never: a special method of the candidate runs for a test

def agree(self, *args):
    return True


NAMES = "eq ne lt le gt ge contains bool instancecheck subclasscheck req len index int float call".split()
Yes = type("Yes", (), {f"__{name}__": agree for name in NAMES} | {"__hash__": lambda self: 0, "__class__": property(lambda self: str)})


def total(prices):
    if prices is None:
        raise TypeError
    return Yes()


def label(count):
    return Yes()
