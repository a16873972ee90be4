# fails: empty
# why: it does not look whether the range is empty
def clamp(value, low, high):
    return max(low, min(value, high))
