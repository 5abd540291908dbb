"""Options that say how detections are scored and what is asked of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from edge_compress.cli.arguments import ArgumentError, fraction, number, positive, seconds
from edge_compress.cli.params_file import read_params_file
from edge_compress.misspelt import misspelt

# Less than one frame of any flight: the evaluator's own 0 asks nothing.
_NO_DROPS = 1e-9
_LARGEST_MS = 600_000


class _Option(NamedTuple):
    """An option, named as the evaluator's parameter is, but for the unit."""

    parameter: str
    flag: str
    parse: Callable[[str], object]
    metavar: str
    help: str
    many: bool = False


def _between(least: float, most: float) -> Callable[[str], float]:
    """Return what parses a number within these bounds."""

    def parse(text: str) -> float:
        value = number(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from {least:g} to {most:g}, got {text}")
        return value

    return parse


def _milliseconds(text: str) -> float:
    """Parse a latency that can be asked for."""
    value = number(text)
    if not 0 < value <= _LARGEST_MS:
        raise argparse.ArgumentTypeError(
            f"must be above 0 and at most {_LARGEST_MS}, got {text}; leave it out to ask nothing"
        )
    return value


def _drop_share(text: str) -> float:
    """Parse a share; 0 asks that no frame is dropped."""
    return fraction(text) or _NO_DROPS


_SCORING = (
    _Option(
        "tolerance_s",
        "--tolerance",
        seconds(0, 10),
        "S",
        "how far the stamps of one image may be apart (default: 0.005)",
    ),
    _Option(
        "wait_s",
        "--wait",
        seconds(0.1, 600),
        "S",
        "how long a frame waits for its detections before it is a drop (default: 10)",
    ),
    _Option(
        "iou_threshold",
        "--iou-threshold",
        _between(0.05, 1),
        "0.05-1",
        "overlap from which on an object is found (default: 0.5)",
    ),
    _Option(
        "score_threshold",
        "--score-threshold",
        fraction,
        "0-1",
        "weaker detections count for AP alone (default: 0.3)",
    ),
    _Option(
        "min_size_px",
        "--min-size",
        _between(0, 16384),
        "PX",
        "objects narrower or lower are neither hits nor misses (default: 0)",
    ),
    _Option(
        "class_map",
        "--class-map",
        str,
        "TRUTH:DETECTOR",
        "classes of ground truth in the detector's names; nothing behind the colon: ignored",
        many=True,
    ),
    _Option("classes", "--classes", str, "NAME", "those to score (default: all)", many=True),
)
_LIMITS = (
    _Option("min_precision", "--min-precision", fraction, "0-1", "least share of detections right"),
    _Option("min_recall", "--min-recall", fraction, "0-1", "least share of objects found"),
    _Option("min_ap50", "--min-ap50", fraction, "0-1", "least AP at IoU 0.5"),
    _Option("min_ap", "--min-ap", fraction, "0-1", "least AP over IoU 0.5 to 0.95"),
    _Option(
        "max_latency_p99_ms",
        "--max-latency-p99-ms",
        _milliseconds,
        "MS",
        "largest p99 from an image's stamp to its detections, above 0",
    ),
    _Option(
        "max_drop_share",
        "--max-drop-share",
        _drop_share,
        "0-1",
        "largest share of frames without detections; with 0 none may be dropped",
    ),
    _Option(
        "min_frames",
        "--min-frames",
        positive,
        "N",
        "scored frames that a verdict needs (default: 1)",
    ),
)


def add_judging(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    scoring = parser.add_argument_group("how to score")
    scoring.add_argument(
        "--params",
        type=Path,
        metavar="FILE",
        help="the evaluator node's parameter file, such as config/inspection.yaml; there a limit "
        "of 0 asks nothing; what is given here wins over it",
    )
    _add(scoring, _SCORING)
    _add(parser.add_argument_group("what is asked (default: nothing)"), _LIMITS)


def judging(args: argparse.Namespace) -> dict[str, Any]:
    """Return the evaluator's parameters that were given, by their names.

    Raises:
        ArgumentError: the parameter file cannot be read, or a name or value in it is refused.
    """
    given = {option.parameter: getattr(args, option.parameter) for option in _SCORING + _LIMITS}
    from_file = {} if args.params is None else dict(_from_file(args.params))
    return {**from_file, **{name: value for name, value in given.items() if value is not None}}


def _add(group: argparse._ArgumentGroup, options: tuple[_Option, ...]) -> None:
    for option in options:
        group.add_argument(
            option.flag,
            dest=option.parameter,
            type=option.parse,
            nargs="+" if option.many else None,
            metavar=option.metavar,
            help=option.help,
        )


def _from_file(path: Path) -> Iterator[tuple[str, object]]:
    """Yield what a parameter file of ROS says of scoring."""
    said = read_params_file(path, "evaluator")
    for name, near in misspelt(said, [one.parameter for one in _SCORING + _LIMITS]).items():
        raise ArgumentError(f"--params {path}: `{name}`: did you mean `{near}`?")
    for option in _SCORING + _LIMITS:
        name = option.parameter
        asks_nothing = name.startswith("max_") and str(said.get(name)) in ("0", "0.0")
        if name in said and not asks_nothing:
            yield name, _parsed(option, said[name], path)


def _parsed(option: _Option, value: object, path: Path) -> object:
    if option.many != isinstance(value, list):
        kind = "a list" if option.many else "one value"
        raise ArgumentError(f"--params {path}: `{option.parameter}` must be {kind}, got {value!r}")
    try:
        if isinstance(value, list):
            return [option.parse(str(item)) for item in value]
        return option.parse(str(value))
    except argparse.ArgumentTypeError as error:
        raise ArgumentError(f"--params {path}: `{option.parameter}` {error}") from error
