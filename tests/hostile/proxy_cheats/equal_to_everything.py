# kind: proxy
# tries: returns numbers and texts that claim to be equal to whatever they are compared with
# allowed: wrong_answer
# never: a comparison is the candidate's to decide

class Equal:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0


class Number(Equal, int):
    pass


class Text(Equal, str):
    pass


def total(prices):
    return Number(len(prices))


def label(count):
    return Text()
