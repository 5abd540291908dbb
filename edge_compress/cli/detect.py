"""`edge_compress detect`: a bundle on an image, a video or a bag, without ROS."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_compress.cli.arguments import (
    PROVIDERS,
    ArgumentError,
    SubParsers,
    add_threads,
    fraction,
    positive,
)

if TYPE_CHECKING:
    from edge_compress.cli.media import Source
    from edge_compress.inference.detector import Detector
    from edge_compress.vision.detections import Detections

_EPILOG = """\
examples:
  edge_compress detect small.bundle photo.jpg -o seen.jpg
  edge_compress detect small.bundle drive.mp4 -o seen.mp4 --confidence 0.5 --json seen.json
  edge_compress detect small.bundle drive_bag -o seen_bag --topic /camera/image_raw

A bag (a folder of rosbag2, a .mcap or a .db3 file) gives a bag: vision_msgs/Detection2DArray with
the time, stamp and frame_id of each image. The exit code is 1 when the bag is cut off; what is
whole of it is in OUT then.
"""


def add_parser(subparsers: SubParsers) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "detect",
        help="run a bundle on an image, a video or a bag",
        description="Run a bundle on an image or a video and write it with boxes drawn; or on a "
        "bag, and write what it sees as a bag.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder NAME.bundle")
    parser.add_argument("source", type=Path, metavar="IMAGE|VIDEO|BAG")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT")
    parser.add_argument(
        "--confidence", type=fraction, default=0.3, help="least score (default: %(default)s)"
    )
    parser.add_argument(
        "--nms-threshold",
        type=fraction,
        default=0.45,
        help="IoU above which the weaker of two boxes is dropped (default: %(default)s)",
    )
    parser.add_argument(
        "--max-detections", type=positive, default=300, help="a frame (default: %(default)s)"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the detections of each frame"
    )
    parser.add_argument(
        "--topic",
        action="append",
        metavar="TOPIC",
        help="images of the bag; may be given again (default: the only topic with images)",
    )
    parser.add_argument(
        "--storage",
        choices=("mcap", "sqlite3"),
        help="of the bag that is written (default: mcap; OUT.mcap or OUT.db3 says it, too)",
    )
    add_threads(parser, default=0)
    parser.add_argument("--provider", choices=PROVIDERS, default="auto")
    parser.add_argument(
        "--variant", default="auto", metavar="FILE", help="a model file of the bundle"
    )


def run(args: argparse.Namespace) -> int:
    """Detect and write; on a failure or Ctrl-C no partial output stays.

    Raises:
        ArgumentError: arguments do not go together.
        BundleError: the bundle does not verify.
        BagError: the bag cannot be read or the output not be written.
        MediaError: the source cannot be read or the output not be written.
    """
    from edge_compress.bags.path import is_bag

    if is_bag(args.source):
        from edge_compress.cli import detect_bag

        return detect_bag.run(args, lambda: _open(args))
    if args.topic or args.storage:
        raise ArgumentError(f"{args.source}: is no bag; leave out `--topic` and `--storage`")
    return _draw(args)


def _open(args: argparse.Namespace) -> Detector:
    from edge_compress.cli.build_progress import build_progress
    from edge_compress.inference.detector import DEFAULT_PROVIDERS, Detector
    from edge_compress.vision.thresholds import Thresholds

    with build_progress(str(args.bundle)) as on_build:
        detector = Detector.open(
            args.bundle,
            providers=DEFAULT_PROVIDERS if args.provider == "auto" else (args.provider,),
            threads=args.threads,
            variant=args.variant,
            thresholds=Thresholds(args.confidence, args.nms_threshold, args.max_detections),
            on_build=on_build,
        )
    detector.warm_up(1)
    return detector


def _draw(args: argparse.Namespace) -> int:
    from edge_compress.cli import media
    from edge_compress.cli.frame_progress import shown
    from edge_compress.vision.drawing import draw

    source = media.open_source(args.source)
    media.check_output(args.output, source)
    detector = _open(args)
    frames: list[dict[str, Any]] = []
    milliseconds: list[float] = []
    with ExitStack() as stack:
        # The JSON is entered first, so that both appear only when both are whole.
        listing = stack.enter_context(media.replaced(args.json)) if args.json else None
        partial = stack.enter_context(media.replaced(args.output))
        video = media.VideoFile(partial, source.frames_per_second) if source.is_video else None
        for index, image in enumerate(shown(source.frames(), source.frame_count)):
            start = time.perf_counter()
            found = detector.detect(image)
            milliseconds.append((time.perf_counter() - start) * 1000)
            frames.append({"index": index, "detections": _as_json(found)})
            drawn = draw(image, found, f"{len(found)} seen, {milliseconds[-1]:.1f} ms")
            if video is not None:
                video.write(drawn)
            else:
                media.write_image(partial, drawn)
        if video is not None:
            video.close()
        if listing is not None:
            listing.write_text(json.dumps(_listing(detector, source, frames)), encoding="utf-8")

    seen = sum(len(frame["detections"]) for frame in frames)
    median = sorted(milliseconds)[len(milliseconds) // 2]
    print(
        f"{args.output}: {len(frames)} frame(s), {seen} detection(s), {median:.1f} ms a frame on "
        f"{detector.provider}"
    )
    return 0


def _as_json(found: Detections) -> list[dict[str, Any]]:
    return [
        {
            "label": d.name,
            "class_id": d.class_id,
            "score": round(d.score, 4),
            "box_xyxy": [round(v, 2) for v in d.box.tolist()],
        }
        for d in found
    ]


def _listing(detector: Detector, source: Source, frames: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "source": str(source.path),
        "frames_per_second": source.frames_per_second if source.is_video else None,
        "model": detector.variant.file if detector.variant else None,
        "provider": detector.provider,
        "frames": frames,
    }
