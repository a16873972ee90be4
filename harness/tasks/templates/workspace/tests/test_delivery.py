from src.shop import total


def test_small_order():
    assert total([1000, 500]) == 1990


def test_large_order():
    assert total([4000, 1000]) == 5000


def test_empty_order():
    assert total([]) == 0
