"""`edge_compress evaluate`: recorded detections against recorded ground truth."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any

from edge_compress.cli.arguments import SubParsers
from edge_compress.cli.judging import add_judging, judging

_EPILOG = """\
Ground truth and detections are vision_msgs/Detection2DArray. They belong together when their
stamps do. With two bags, detections are taken from the first and ground truth from the second.

exit code: 0 when all was met that was asked, 1 when a threshold failed, 2 when nothing could be
judged: no ground truth, no class in common, clocks that differ, a bag that is cut off.

examples:
  edge_compress evaluate flight.mcap --detections /drone/detections \\
    --ground-truth /drone/ground_truth --params inspection.yaml --min-recall 0.9 -o report
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
    add_judging(parser)


def run(args: argparse.Namespace) -> int:
    """Read the bags, write the report, and say how it went.

    Returns:
        0, 1 or 2, as the help says.

    Raises:
        ArgumentError: the parameter file cannot be read.
        BagError: a bag cannot be read, or a topic is not there.
        ScoringError: the class map cannot be read, the report not be written, or one topic is to be
            both sides.
    """
    from edge_compress.bags.bag import Bag
    from edge_compress.cli.frame_progress import shown
    from edge_compress.scoring.classes import parse_class_map
    from edge_compress.scoring.evaluator import Evaluator
    from edge_compress.scoring.from_bags import Recording
    from edge_compress.scoring.judge import EXIT_CODES, evaluate, summary
    from edge_compress.scoring.report import make_folder, write_report
    from edge_compress.scoring.settings import Limits, Settings

    asked = judging(args)
    asked["class_map"] = parse_class_map(asked.get("class_map", ()))
    asked["classes"] = tuple(asked.get("classes", ()))
    settings = Settings(**_of(Settings, asked))
    limits = Limits(**_of(Limits, asked))
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


def _of(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Pick those that are fields of a dataclass."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
