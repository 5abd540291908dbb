"""Arguments that several commands share, and the checks of their values."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edge_compress.errors import EdgeCompressError

if TYPE_CHECKING:
    SubParsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    SubParsers = object

PROVIDERS = ("auto", "cpu", "cuda", "tensorrt")


class ArgumentError(EdgeCompressError):
    """Arguments do not go together, or what they name is not there."""


def add_threads(parser: argparse.ArgumentParser, default: int) -> None:
    """Add ``--threads``."""
    parser.add_argument(
        "--threads",
        type=natural,
        default=default,
        metavar="N",
        help="threads of the runtime; 0 leaves it to the runtime (default: %(default)s)",
    )


def add_root(parser: argparse.ArgumentParser) -> None:
    """Add `--root`, for what the kernel tells in files."""
    parser.add_argument(
        "--root",
        type=Path,
        default=Path("/"),
        metavar="DIR",
        help="where sys and proc are, such as the host's in a container (default: %(default)s)",
    )


def add_trusted_key(parser: argparse.ArgumentParser) -> None:
    """Add `--trusted-key`, for a bundle that must be signed."""
    parser.add_argument(
        "--trusted-key",
        type=Path,
        action="append",
        default=[],
        metavar="PUBLIC.pem",
        help="take the bundle only if this key signed it, or another one that is given so",
    )


def check_root(root: Path) -> None:
    """See that the kernel tells anything there.

    Raises:
        ArgumentError: it does not.
    """
    if not (root / "sys").is_dir():
        raise ArgumentError(f"--root {root}: there is no folder `sys` in it")


def natural(text: str) -> int:
    """Parse an integer that is 0 or more."""
    return _integer(text, 0)


def positive(text: str) -> int:
    """Parse an integer that is 1 or more."""
    return _integer(text, 1)


def number(text: str, what: str = "a number") -> float:
    """Parse a number; `what` it is to be is for the message."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be {what}, got {text!r}") from None


def fraction(text: str) -> float:
    """Parse a number between 0 and 1."""
    value = number(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text}")
    return value


def minutes(text: str) -> float:
    """Parse a number of minutes above 0."""
    value = number(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0, got {text}")
    return value


def seconds(least: float, most: float) -> Callable[[str], float]:
    """Return what parses a number of seconds within these bounds."""

    def parse(text: str) -> float:
        value = number(text, "a number of seconds")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"must be between {least:g} and {most:g} seconds, got {text}"
            )
        return value

    return parse


def _integer(text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text!r}") from None
    if value < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, got {text}")
    return value
