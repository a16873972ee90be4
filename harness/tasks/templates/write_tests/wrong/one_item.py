# fails: bad/*
# why: with a single item neither the order nor the removal shows
from stack import Stack


def test_pop():
    stack = Stack()
    stack.push(1)
    assert stack.pop() == 1
