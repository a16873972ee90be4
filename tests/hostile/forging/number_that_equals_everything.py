# tries: returns a number that says it equals whatever it is compared with
# allowed: wrong_answer
# never: a method of a returned value decides

class Equal(int):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0


def f(n):
    return Equal(0)
