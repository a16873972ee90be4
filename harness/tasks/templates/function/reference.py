def clamp(value, low, high):
    if low > high:
        raise ValueError(f"empty range: {low} to {high}")
    return max(low, min(value, high))
