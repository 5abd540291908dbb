"""Reading goes on in a thread of its own, a few items ahead."""

import threading
import time

import pytest

from edge_compress.bags.read_ahead import ReadAhead


def test_all_items_in_order_and_only_a_few_ahead():
    made = []

    def items():
        for number in range(20):
            made.append(number)
            yield number

    ahead = ReadAhead(items(), depth=2)
    taken = []
    for number in ahead:
        time.sleep(0.01)
        assert len(made) <= number + 5
        taken.append(number)
    assert taken == list(range(20))
    assert ahead.finished


def test_an_error_comes_after_the_last_item():
    def items():
        yield 1
        yield 2
        raise ZeroDivisionError

    taken = []
    with pytest.raises(ZeroDivisionError):
        taken.extend(ReadAhead(items()))
    assert taken == [1, 2]


def test_stopping_closes_what_is_read_in_its_thread():
    closed = []

    def items():
        try:
            while True:
                yield 1
        finally:
            closed.append(threading.current_thread().name)

    ahead = ReadAhead(items())
    assert next(iter(ahead)) == 1
    ahead.stop()
    assert closed == ["read-ahead"]
