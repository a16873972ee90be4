def total(prices: list[int]) -> int:
    goods = sum(prices)
    return goods + 490 if goods < 5000 else goods
