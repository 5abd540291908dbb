"""Arguments that several commands share, and the checks of their values."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    SubParsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    SubParsers = object

PROVIDERS = ("auto", "cpu", "cuda", "tensorrt")


def add_threads(parser: argparse.ArgumentParser, default: int) -> None:
    """Add ``--threads``."""
    parser.add_argument(
        "--threads",
        type=natural,
        default=default,
        metavar="N",
        help="threads of the runtime; 0 leaves it to the runtime (default: %(default)s)",
    )


def natural(text: str) -> int:
    """Parse an integer that is 0 or more."""
    return _integer(text, 0)


def positive(text: str) -> int:
    """Parse an integer that is 1 or more."""
    return _integer(text, 1)


def fraction(text: str) -> float:
    """Parse a number between 0 and 1."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text}")
    return value


def minutes(text: str) -> float:
    """Parse a number of minutes above 0."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0, got {text}")
    return value


def _integer(text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, got {text}")
    return value
