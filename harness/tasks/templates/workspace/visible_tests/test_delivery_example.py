from src.shop import total


def test_one_small_item():
    assert total([100]) == 590
