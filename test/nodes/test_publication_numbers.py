"""What is missing by the numbers of those that came."""

import pytest

from edge_compress.nodes.publication_numbers import PublicationNumbers

A, B = b"a" * 16, b"b" * 16


@pytest.mark.parametrize(
    ("came", "missing"),
    [
        ([(A, 5), (A, 6)], [0, 0]),  # whoever comes late has missed nothing
        ([(A, 1), (A, 4), (A, 5)], [0, 2, 0]),
        ([(A, 1), (B, 7), (A, 2), (B, 9)], [0, 0, 0, 1]),
        ([(A, 1), None, None, (A, 6), (A, 8)], [0, 0, 0, 2, 1]),
        ([(A, 1), None, (A, 2), (A, 4)], [0, 0, 0, 1]),
        ([(A, 9), (A, 3), (A, 4)], [0, 0, 0]),
    ],
)
def test_what_lies_between_two_numbers_and_did_not_come_is_missing(came, missing):
    numbers = PublicationNumbers()
    assert [numbers.missing_before(one) for one in came] == missing


def test_without_numbers_nothing_is_known():
    numbers = PublicationNumbers()
    assert not numbers.known
    assert numbers.missing_before(None) == 0
    assert not numbers.known
    numbers.missing_before((A, 1))
    assert numbers.known
