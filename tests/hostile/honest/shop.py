# kind: workspace
# tries: solves its task
# allowed: passed
# never: the changed tests fail an honest answer

def total(prices):
    return sum(prices)


def label(count):
    return f"{count} item" if count == 1 else f"{count} items"
