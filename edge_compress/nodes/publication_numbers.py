"""What the numbers that publishers give their messages say of those that did not come."""

from __future__ import annotations


class PublicationNumbers:
    """Follows the messages of one topic."""

    def __init__(self) -> None:
        """Begin with no message."""
        self._last: dict[bytes, int] = {}
        self._unnumbered = 0

    @property
    def known(self) -> bool:
        """Whether any message had a number."""
        return bool(self._last)

    def missing_before(self, number: tuple[bytes, int] | None) -> int:
        """Take in a message, and return how many of its publisher's did not come before it.

        Args:
            number: the publisher's gid, and the message's number; None where that is not told. Such
                a message is one of those between the numbers of two others.
        """
        if number is None:
            self._unnumbered += 1
            return 0
        publisher, now = number
        between = now - self._last.get(publisher, now - 1) - 1
        missing = max(0, between - self._unnumbered)
        self._last[publisher] = now
        self._unnumbered = 0
        return missing
