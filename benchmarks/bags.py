"""`python -m benchmarks.bags`: `edge_compress detect` on a bag beside the bare inference rate.

YOLOX-Nano, not compressed, ONNX Runtime with one thread. Every 25 frames the bag waits while the
model runs 10 times back to back on a tensor that is ready, and that time is taken out; so both
rates are of the same minute. The ratio is that of the bag, from opening it to the last byte
written, to that of the model. Memory is that of the process; its growth leaves out the first tenth
of the frames.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.runtime.bundles import yolox_bundle
from benchmarks.runtime.results import growth, this_machine
from edge_compress import assets
from edge_compress.bags.bag import Bag
from edge_compress.bags.images import choose_topic
from edge_compress.bags.writer import BagWriter, StorageName
from edge_compress.cli.detect_bag import detect_in_bag
from edge_compress.inference.detector import Detector

TOPIC = "/camera/image_raw"
SIZE = (640, 480)
PERIOD_NS = 66_666_667
EVERY, BARE = 25, 10
LEAST_RATIO, MOST_GROWTH = 0.9, 0.05
KINDS: tuple[tuple[StorageName, bool], ...] = (
    ("mcap", True),
    ("mcap", False),
    ("sqlite3", True),
    ("sqlite3", False),
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bags", description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        detector = Detector.open(yolox_bundle(folder, "yolox"), providers=("cpu",), threads=1)
        detector.warm_up()
        bags = [
            write_bag(folder / f"{storage}-{jpeg}", storage, jpeg, args.frames)
            for storage, jpeg in KINDS
        ]
        turns: list[list[dict[str, float]]] = [[] for _ in KINDS]
        for turn in range(args.turns):
            for number, bag in enumerate(bags):
                turns[number].append(measure(bag, folder / f"seen-{turn}-{number}", detector))
    results = [summary(*kind, measured) for kind, measured in zip(KINDS, turns, strict=True)]
    for result in results:
        print(
            f"{result['images']} in {result['storage']}: {result['rate_hz']:.1f} frames a second, "
            f"{result['ratio']:.3f} of the bare rate ({result['ratio_low']:.3f} to "
            f"{result['ratio_high']:.3f}), memory {100 * result['growth']:+.1f} % of "
            f"{result['memory_mb']:.0f} MB"
        )
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        found = {"machine": this_machine().model_dump(), "frames": args.frames, "bags": results}
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    good = all(r["ratio"] >= LEAST_RATIO and r["growth"] <= MOST_GROWTH for r in results)
    print(f"at least {LEAST_RATIO} and at most {MOST_GROWTH:+.0%}: {'yes' if good else 'NO'}")
    return 0


def write_bag(path: Path, storage: StorageName, jpeg: bool, count: int) -> Path:
    """Write frames of people in a square, `SIZE`, raw or as JPEGs; the video begins again."""
    with BagWriter(path, storage) as writer:
        types = writer.types
        topic = f"{TOPIC}/compressed" if jpeg else TOPIC
        writer.add(topic, f"sensor_msgs/msg/{'CompressedImage' if jpeg else 'Image'}")
        for number, image in enumerate(islice(video(), count)):
            time_ns = 10**18 + number * PERIOD_NS
            stamp = types["builtin_interfaces/msg/Time"](*divmod(time_ns, 10**9))
            header = types["std_msgs/msg/Header"](stamp, "camera_optical_frame")
            if jpeg:
                data = cv2.imencode(".jpg", image)[1].reshape(-1)
                message = types["sensor_msgs/msg/CompressedImage"](header, "jpeg", data)
            else:
                message = types["sensor_msgs/msg/Image"](
                    header, SIZE[1], SIZE[0], "bgr8", 0, 3 * SIZE[0], image.reshape(-1)
                )
            writer.write(topic, time_ns, message)
    return path


def video() -> Iterator[NDArray[np.uint8]]:
    """Yield frames [480, 640, 3], BGR, for ever."""
    path = assets.fetch("vtest.avi")
    while True:
        capture = cv2.VideoCapture(str(path))
        while (frame := capture.read()[1]) is not None:
            yield np.asarray(cv2.resize(frame, SIZE), np.uint8)
        capture.release()


def measure(path: Path, output: Path, detector: Detector) -> dict[str, float]:
    """Detect in a bag, and take the bare rate meanwhile."""
    watched = Watched(detector)
    start = time.perf_counter()
    with Bag.open(path) as bag, BagWriter(output) as writer:
        done = detect_in_bag(bag, [choose_topic(bag)], watched, writer)  # type: ignore[arg-type]
    rate = done.frames / (time.perf_counter() - start - watched.bare_s)
    return {
        "rate_hz": rate,
        "ratio": rate / (watched.bare_count / watched.bare_s),
        "growth": growth(watched.memory_mb),
        "memory_mb": watched.memory_mb[-1],
    }


class Watched:
    """A detector beside which the memory of the process is noted, and that is run bare in between.

    Attributes:
        memory_mb: of the process, each time before it is run bare.
        bare_count: inferences that were none of the bag's.
        bare_s: seconds that those took.
    """

    def __init__(self, detector: Detector) -> None:
        """Begin without a frame."""
        self.memory_mb: list[float] = []
        self.bare_count = 0
        self.bare_s = 0.0
        self._count = 0
        self._detector = detector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._detector, name)

    def infer(self, tensor: NDArray[np.float32]) -> Any:
        """Infer as the detector does."""
        self._count += 1
        if self._count % EVERY == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.memory_mb.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
            start = time.perf_counter()
            for _ in range(BARE):
                self._detector.infer(tensor)
            self.bare_count += BARE
            self.bare_s += time.perf_counter() - start
        return self._detector.infer(tensor)


def summary(storage: str, jpeg: bool, turns: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Put the turns of one bag together."""
    ratios = [turn["ratio"] for turn in turns]
    return {
        "storage": storage,
        "images": "JPEG 640x480" if jpeg else "bgr8 640x480",
        "rate_hz": statistics.median(turn["rate_hz"] for turn in turns),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "growth": max(turn["growth"] for turn in turns),
        "memory_mb": max(turn["memory_mb"] for turn in turns),
    }


if __name__ == "__main__":
    raise SystemExit(main())
