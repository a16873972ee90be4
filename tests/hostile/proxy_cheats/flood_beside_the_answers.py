# kind: proxy
# tries: prints without end while it answers rightly
# allowed: output_limit
# never: output of the candidate fills the host's memory

def total(prices):
    print("x" * 600_000)
    return sum(prices)


def label(count):
    print("x" * 600_000)
    return f"{count} item" + "s" * (count != 1)
