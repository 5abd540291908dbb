"""`edge_compress compress --auto`: from a model, footage and a budget to a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_compress.cli.arguments import ArgumentError

if TYPE_CHECKING:
    from edge_compress.compress.auto.request import Request

_FIELDS = (
    "model",
    "data",
    "topic",
    "target",
    "labels",
    "classes",
    "max_drop",
    "latency_ms",
    "size_mb",
    "energy_mj",
    "prefer",
    "threads",
    "channel_step",
    "algorithm",
    "minutes",
    "trials",
    "seed",
)
_NEEDED = ("model", "data")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--auto`` and what it takes."""
    group = parser.add_argument_group(
        "automatic (instead of RECIPE)",
        "Look at the model and the frames, choose what is worth searching, and search it. What was "
        "chosen, and why, is written to NAME.auto.yaml, a file for `edge_compress search`.",
    )
    group.add_argument("--auto", action="store_true", help="find the recipe")
    add = group.add_argument
    add("--model", metavar="MODEL", help=".onnx file, torchvision:NAME, or a recipe for its model")
    add(
        "--data",
        metavar="DATA",
        help="video, folder of images, bag, or a YAML file with a recipe's `data`",
    )
    add("--topic", metavar="TOPIC", help="images of the bag (default: the only topic with images)")
    add(
        "--target",
        metavar="HOST|TABLE",
        help="where latency counts: `host` (default), measured, or a device table, predicted",
    )
    add("--max-drop", type=float, metavar="D", help="largest loss of quality, 0-1 (default: 0.05)")
    add("--latency-ms", type=float, metavar="MS", help="largest p50 latency, in milliseconds")
    add("--size-mb", type=float, metavar="MB", help="largest file, in 10^6 bytes")
    add("--energy-mj", type=float, metavar="MJ", help="most energy an inference, in millijoules")
    add(
        "--prefer",
        choices=("quality", "latency", "size", "energy"),
        help="what is best among those that meet the budget (default: quality where latency, size "
        "or energy are limited, else latency)",
    )
    add("--classes", type=_names, metavar="A,B", help="classes that the robot needs (default: all)")
    add("--labels", type=_names, metavar="A,B", help="names of the model's classes, or `coco`")
    add("--threads", type=int, metavar="N", help="threads of the robot's inference (default: 1)")
    add(
        "--channel-step",
        type=int,
        metavar="N",
        help="channel counts are multiples of this (default: 8; 16 for AVX-512)",
    )
    add("--minutes", type=float, metavar="M", help="for everything (default: 60)")
    add("--trials", type=int, metavar="N", help="candidates at most (default: as time allows)")
    add(
        "--algorithm",
        choices=("genetic", "annealing", "tpe", "random"),
        help="how candidates are chosen (default: tpe)",
    )
    add("--seed", type=int, metavar="N", help="of all chance (default: 0)")


def check(args: argparse.Namespace) -> None:
    """See that either a recipe or ``--auto`` is asked for, and not a mixture.

    Raises:
        ArgumentError: naming what does not belong.
    """
    given = [name for name in _FIELDS if getattr(args, name) is not None]
    if not args.auto:
        if given:
            raise ArgumentError(f"`{_option(given[0])}` belongs to `--auto`: add it")
        if args.recipe is None:
            raise ArgumentError("give RECIPE, a YAML file, or `--auto` with `--model` and `--data`")
        return
    if args.recipe is not None:
        raise ArgumentError(
            f"{args.recipe}: `--auto` finds the recipe; to take the model from one, give it as "
            "`--model`"
        )
    if args.state is not None:
        raise ArgumentError("`--state` is for a recipe; `--auto` keeps all in OUTPUT's .search")
    for name in _NEEDED:
        if name not in given:
            raise ArgumentError(f"`--auto` needs `{_option(name)}`")


def run(args: argparse.Namespace) -> int:
    """Search, and print the front and where everything is.

    Raises:
        EdgeCompressError: for a mistake that the user can mend.
    """
    from edge_compress.cli.search import show
    from edge_compress.compress.auto.run import auto
    from edge_compress.compress.auto.search_file import name_for
    from edge_compress.compress.terminal import TerminalProgress

    request = _request(args)
    output = args.output or Path(f"{name_for(request)}.bundle")
    with TerminalProgress() as progress:
        found = auto(request, output, fresh=args.fresh, overwrite=args.overwrite, progress=progress)
    show(found)
    return 0


def _request(args: argparse.Namespace) -> Request:
    from pydantic import ValidationError

    from edge_compress.compress.auto.request import Request

    given: dict[str, Any] = {
        name: value for name in _FIELDS if (value := getattr(args, name)) is not None
    }
    try:
        return Request.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"][:1].lower() + first["msg"][1:]
        raise ArgumentError(
            f"`{_option(str(first['loc'][0]))}`: {message}, got {first['input']!r}"
        ) from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
