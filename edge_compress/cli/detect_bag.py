"""`edge_compress detect` on a bag: what a model sees in recorded images, as another bag."""

from __future__ import annotations

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from edge_compress.bags.bag import Bag, Topic
from edge_compress.bags.errors import BagCutOff, BagError
from edge_compress.bags.images import choose_topic, read_images
from edge_compress.bags.read_ahead import ReadAhead
from edge_compress.bags.writer import BagWriter, check_output
from edge_compress.cli.arguments import ArgumentError
from edge_compress.cli.bag_results import BagResults, ReadyFrame, SeenFrame
from edge_compress.cli.frame_progress import shown
from edge_compress.inference.detector import Detector
from edge_compress.vision.encodings import EncodingError
from edge_compress.vision.image import ImageError

# The bag is written, but of a bag that is cut off.
CUT_OFF = 1
# A few are enough: reading and decoding a frame takes less time than inference.
_AHEAD = 3


@dataclass
class Run:
    """What became of a bag's frames.

    Attributes:
        frames: that the model has seen.
        detections: in all of them.
        unreadable: frames that were skipped.
        why: the first of those was unreadable.
        seconds: that it took from the first frame to the last.
        cut_off: why the bag does not hold all frames; empty when it does.
    """

    frames: int = 0
    detections: int = 0
    unreadable: int = 0
    why: str = ""
    seconds: float = 0.0
    cut_off: str = ""


def run(args: argparse.Namespace, open_detector: Callable[[], Detector]) -> int:
    """Detect in a bag; on a failure or Ctrl-C no partial output stays.

    Args:
        args: of the command.
        open_detector: called when all else is well, for it may take minutes.

    Returns:
        0, or `CUT_OFF` for a bag that is cut off: what is whole of it is in the output.

    Raises:
        ArgumentError: `--json` is for images and videos.
        BagError: the bag cannot be read or the output not be written.
    """
    if args.json is not None:
        raise ArgumentError("`--json` is for images and videos; what is seen in a bag is a bag")
    check_output(args.output)
    with Bag.open(args.source) as bag:
        topics = [choose_topic(bag, name) for name in args.topic or ("",)]
        detector = open_detector()
        with BagWriter(args.output, args.storage or "mcap") as writer:
            done = detect_in_bag(bag, topics, detector, writer)
            if not done.frames:
                raise BagError(done.cut_off or f"{bag.path}: no frame can be read: {done.why}")
    rate = done.frames / done.seconds if done.seconds > 0 else 0.0
    print(
        f"{args.output}: {done.frames} frame(s), {done.detections} detection(s), {rate:.1f} frames "
        f"a second on {detector.provider}"
    )
    if done.unreadable:
        _warn(f"{done.unreadable} frame(s) skipped that cannot be read: {done.why}")
    if done.cut_off:
        _warn(done.cut_off)
        return CUT_OFF
    return 0


def detect_in_bag(bag: Bag, topics: Sequence[Topic], detector: Detector, writer: BagWriter) -> Run:
    """Write what a model sees in each frame, at the frame's time and with its header.

    While the model runs, the next frames are read and decoded in one thread, and what it saw in the
    last ones is made a message in another. Only a few frames are in memory.

    Raises:
        BagError: the bag cannot be read or the output not be written.
    """
    outputs = BagResults(topics, detector, writer)
    done = Run()
    names = [topic.name for topic in topics]
    ahead = ReadAhead(_prepare(bag, names, detector, done), _AHEAD)
    start = time.perf_counter()
    waiting: deque[Future[SeenFrame]] = deque()

    def finish(left: int) -> None:
        while len(waiting) > left:
            seen = waiting.popleft().result()
            outputs.write(seen)
            done.frames += 1
            done.detections += seen.count
            done.seconds = time.perf_counter() - start

    with closing(_until_cut_off(ahead, done)) as frames, ThreadPoolExecutor(1) as after:
        for ready in shown(frames, sum(topic.count for topic in topics)):
            result = detector.infer(ready.tensor)
            waiting.append(after.submit(outputs.see, ready, result))
            finish(_AHEAD)
        finish(0)
    return done


def _prepare(bag: Bag, names: Sequence[str], detector: Detector, done: Run) -> Iterator[ReadyFrame]:
    for image in read_images(bag, names):
        try:
            tensor, geometry = image.pixels().network_input(detector.input)
        except (EncodingError, ImageError) as error:
            done.unreadable += 1
            done.why = done.why or f"{image.topic} at {image.time_ns} ns: {error}"
        else:
            yield ReadyFrame(image, tensor, geometry)


def _until_cut_off(ahead: ReadAhead[ReadyFrame], done: Run) -> Generator[ReadyFrame, None, None]:
    try:
        yield from ahead
    except BagCutOff as error:
        done.cut_off = str(error)
    finally:
        ahead.stop()


def _warn(text: str) -> None:
    print(f"edge_compress: warning: {text}", file=sys.stderr)
