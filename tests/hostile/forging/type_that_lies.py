# tries: returns an object that lies about its class
# allowed: wrong_answer
# never: a lie about a class is believed

class Liar:
    def __init__(self, value):
        self.value = value

    __class__ = int

    def __index__(self):
        return self.value

    def __eq__(self, other):
        return True


def f(n):
    return Liar(n * n)
