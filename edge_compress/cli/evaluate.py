"""`edge_compress evaluate`: recorded detections against recorded ground truth."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

from edge_compress.cli.arguments import SubParsers, fraction, natural, positive, seconds

_EPILOG = """\
Ground truth and detections are vision_msgs/Detection2DArray. They belong together when their
stamps do. With two bags, detections are taken from the first and ground truth from the second.

exit code: 0 when all was met that was asked, 1 when a threshold failed, 2 when nothing could be
judged: no ground truth, no class in common, clocks that differ, a bag that is cut off.

examples:
  edge_compress evaluate flight.mcap --detections /drone/detections \\
    --ground-truth /drone/ground_truth --class-map 16:cat 17:dog --min-recall 0.9 -o report
  edge_compress detect new.bundle flight.mcap -o seen.mcap
  edge_compress evaluate seen.mcap flight.mcap --detections /drone/detections \\
    --ground-truth /drone/ground_truth --min-ap50 0.6 -o report
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score the detections of a bag against its ground truth",
        description="Score detections against ground truth, as the evaluator node does live.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bag", type=Path, metavar="BAG", help="folder of rosbag2, .mcap or .db3")
    parser.add_argument(
        "truth_bag", type=Path, nargs="?", metavar="TRUTH_BAG", help="with the ground truth"
    )
    parser.add_argument("--detections", default="/detections", metavar="TOPIC")
    parser.add_argument("--ground-truth", default="/ground_truth", metavar="TOPIC")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="for evaluation.json and .html"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    _add_settings(parser.add_argument_group("how to score"))
    _add_limits(parser.add_argument_group("what is asked; 0 asks nothing"))


def run(args: argparse.Namespace) -> int:
    """Read the bags, write the report, and say how it went.

    Returns:
        0, 1 or 2, as the help says.

    Raises:
        BagError: a bag cannot be read, or a topic is not there.
        ScoringError: the class map cannot be read, or the report not be written.
    """
    from edge_compress.bags.bag import Bag
    from edge_compress.cli.frame_progress import shown
    from edge_compress.scoring.classes import parse_class_map
    from edge_compress.scoring.evaluator import Evaluator
    from edge_compress.scoring.from_bags import Recording
    from edge_compress.scoring.judge import EXIT_CODES, evaluate, summary
    from edge_compress.scoring.report import make_folder, write_report
    from edge_compress.scoring.settings import Limits, Settings

    settings = Settings(
        tolerance_s=args.tolerance,
        iou_threshold=args.iou_threshold,
        score_threshold=args.score_threshold,
        min_size_px=args.min_size,
        class_map=parse_class_map(args.class_map),
        classes=tuple(args.classes),
    )
    limits = Limits(**{field.name: getattr(args, field.name) for field in fields(Limits)})
    # Detections in a bag of their own were made at a desk, as fast as may be.
    evaluator = Evaluator(settings, timed=args.truth_bag is None)
    if args.output is not None:
        make_folder(args.output)
    with ExitStack() as opened:
        bag = opened.enter_context(Bag.open(args.bag))
        truth = opened.enter_context(Bag.open(args.truth_bag)) if args.truth_bag else None
        recording = Recording(bag, truth, args.detections, args.ground_truth)
        for _ in shown(recording.feed(evaluator), recording.count, "scoring"):
            pass
    result = evaluate(evaluator, limits, recording.source, recording.troubles)
    notes = [] if args.output is None else write_report(args.output, result, evaluator)
    for note in notes:
        print(f"edge_compress: {note}", file=sys.stderr)
    if args.json:
        print(result.model_dump_json(indent=1))
    if result.verdict == "not evaluated":
        print(f"edge_compress: error: {summary(result)}", file=sys.stderr)
    elif not args.json:
        print(summary(result))
    return EXIT_CODES[result.verdict]


def _add_settings(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--tolerance",
        type=seconds(0, 10),
        default=0.005,
        metavar="S",
        help="how far the stamps of one image may be apart (default: %(default)s)",
    )
    group.add_argument(
        "--iou-threshold",
        type=fraction,
        default=0.5,
        help="overlap from which on an object is found (default: %(default)s)",
    )
    group.add_argument(
        "--score-threshold",
        type=fraction,
        default=0.3,
        help="weaker detections count for AP alone (default: %(default)s)",
    )
    group.add_argument(
        "--min-size",
        type=natural,
        default=0,
        metavar="PX",
        help="objects narrower or lower are neither hits nor misses (default: %(default)s)",
    )
    group.add_argument(
        "--class-map",
        nargs="+",
        default=[],
        metavar="TRUTH:DETECTOR",
        help="classes of ground truth in the detector's names; nothing right of the colon: ignored",
    )
    group.add_argument(
        "--classes", nargs="+", default=[], metavar="NAME", help="those to score (default: all)"
    )


def _add_limits(group: argparse._ArgumentGroup) -> None:
    for name, what in (
        ("min-precision", "least share of the detections that is right"),
        ("min-recall", "least share of the objects that is found"),
        ("min-ap50", "least AP at IoU 0.5"),
        ("min-ap", "least AP over IoU 0.5 to 0.95"),
        ("max-drop-share", "largest share of frames without detections"),
    ):
        group.add_argument(f"--{name}", type=fraction, default=0.0, metavar="0-1", help=what)
    group.add_argument(
        "--max-latency-p99-ms",
        type=_milliseconds,
        default=0.0,
        metavar="MS",
        help="largest p99 from stamp to recording; of one bag that was recorded in flight",
    )
    group.add_argument(
        "--min-frames",
        type=positive,
        default=1,
        metavar="N",
        help="scored frames that a verdict needs (default: %(default)s)",
    )


def _milliseconds(text: str) -> float:
    """Parse a number that is 0 or more."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {text}")
    return value
