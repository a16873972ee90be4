DELIVERY = 490
FREE_FROM = 5000


def total(prices: list[int]) -> int:
    goods = sum(prices)
    return goods + DELIVERY if 0 < goods < FREE_FROM else goods
