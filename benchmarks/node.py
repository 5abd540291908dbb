"""What the detector node costs beyond bare inference: camera and detector as two processes."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from edge_compress import assets
from edge_compress.bundle.reader import Bundle
from edge_compress.bundle.schema import (
    InputSpec,
    Manifest,
    Measurement,
    Provenance,
    Variant,
    YoloxHead,
)
from edge_compress.bundle.writer import BundleWriter
from edge_compress.inference.detector import Detector
from edge_compress.nodes.qos import TRANSPORTS
from edge_compress.vision.labels import load_labels

RATE_HZ = 15.0
WIDTH, HEIGHT = 640, 480
TARGETS = {
    "overhead_ms": 5.0,
    "lost_in_transport": 0,
    "cpu_outside_inference_percent": 15.0,
    "configure_to_first_detection_s": 3.0,
}
_TIMEOUT_S = 60.0


def measure(bundle: Path, video: Path, seconds: float) -> dict[str, Any]:
    """Run camera and detector for some seconds and return the figures.

    Args:
        bundle: what the detector runs, on one thread.
        video: what the camera plays, at 15 frames per second and 640 x 480.
        seconds: how long the figures are taken.
    """
    bare_ms = _bare_inference(bundle, runs=round(min(seconds, 10) * RATE_HZ))
    camera = [f"source:={video}", f"rate:={RATE_HZ}", f"width:={WIDTH}", f"height:={HEIGHT}"]
    settings = [f"bundle:={bundle}", "threads:=1", "autostart:=false", "providers:=[cpu]"]
    with _onlooker() as onlooker, _node("camera", camera):
        onlooker.until(onlooker.camera_is_there, "the camera")
        with _node("detector", [*settings, f"window_s:={max(seconds, 1.0)}"]):
            startup_s = onlooker.start_detector()
            onlooker.spin(2.0)  # the first frames are another thing
            onlooker.loads.clear()
            before = onlooker.values("frames")
            onlooker.spin(seconds)
            latency, after = onlooker.values("latency"), onlooker.values("frames")
            loads = list(onlooker.loads)
    received, processed, lost = (
        int(after[key] - before[key]) for key in ("received", "processed", "dropped_transport")
    )
    steps = ("age", "wait", "convert", "preprocess", "infer", "postprocess", "publish")
    return {
        # Frame by frame: on a busy machine the inference itself changes from minute to minute.
        "overhead_ms": latency["overhead_p50_ms"],
        "difference_of_p50_in_node_ms": latency["stamp_to_publish_p50_ms"]
        - latency["infer_p50_ms"],
        "difference_to_bare_p50_ms": latency["stamp_to_publish_p50_ms"] - bare_ms,
        "stamp_to_publish_p50_ms": latency["stamp_to_publish_p50_ms"],
        "stamp_to_publish_p99_ms": latency["stamp_to_publish_p99_ms"],
        "bare_inference_p50_ms": bare_ms,
        "steps_p50_ms": {step: latency[f"{step}_p50_ms"] for step in steps},
        "received": received,
        "processed": processed,
        "lost_in_transport": lost,
        "cpu_outside_inference_percent": statistics.median(loads),
        "configure_to_first_detection_s": startup_s,
        "transports": os.environ["FASTDDS_BUILTIN_TRANSPORTS"],
    }


def original_bundle(folder: Path) -> Path:
    """Write YOLOX-Nano as it is into a bundle."""
    model = assets.fetch("yolox_nano.onnx")
    measured = Measurement(size_bytes=model.stat().st_size, params=896_000, macs=531_000_000)
    with BundleWriter(folder / "original.bundle") as writer:
        variant = Variant(
            file="model.fp32.onnx",
            profile="fp32",
            precision="fp32",
            sha256=writer.add("model.fp32.onnx", model),
            measured=measured,
        )
        return writer.finish(
            Manifest(
                name="original",
                task="detection",
                labels=load_labels("coco"),
                input=InputSpec(height=416, width=416, color="bgr", anchor="top_left"),
                head=YoloxHead(),
                original=measured,
                variants=(variant,),
                provenance=Provenance(created="2026-01-01T00:00:00Z", model="YOLOX-Nano"),
            )
        )


def main() -> int:
    """Measure, print the figures beside their targets, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, help="default: YOLOX-Nano, not compressed")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    args = parser.parse_args()
    os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", TRANSPORTS)
    os.environ["ROS_DOMAIN_ID"] = str(random.randint(1, 101))
    with tempfile.TemporaryDirectory() as folder:
        bundle = args.bundle or original_bundle(Path(folder))
        figures = measure(bundle.resolve(), assets.fetch("vtest.avi"), args.seconds)
    for name, value in figures.items():
        shown = f"{value:.2f}" if isinstance(value, float) else value
        target = f"   (at most {TARGETS[name]:g})" if name in TARGETS else ""
        print(f"{name:32} {shown}{target}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _bare_inference(bundle: Path, runs: int) -> float:
    """Return the p50 of a bare run of the model, in milliseconds, at the camera's rate.

    At the camera's rate, since a core that idles between frames is slower than one that does not.
    """
    detector = Detector.open(Bundle.open(bundle), providers=("cpu",), threads=1)
    detector.warm_up()
    frame = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    tensor, _ = detector.preprocess(frame)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        detector.infer(tensor)
        times.append(time.perf_counter() - start)
        time.sleep(max(0.0, 1 / RATE_HZ - times[-1]))
    detector.close()
    return statistics.median(times) * 1000


@contextmanager
def _node(executable: str, parameters: list[str]) -> Iterator[None]:
    arguments = [part for parameter in parameters for part in ("-p", parameter)]
    process = subprocess.Popen(
        [sys.executable, "-m", f"edge_compress.nodes.{executable}", "--ros-args", *arguments]
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_TIMEOUT_S)


class _Onlooker:
    """Starts the detector and keeps what it says of itself."""

    def __init__(self) -> None:
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from vision_msgs.msg import Detection2DArray

        rclpy.init()
        self._node = rclpy.create_node("onlooker")
        self._values: dict[str, dict[str, float]] = {}
        self._results = 0
        self.loads: list[float] = []
        self._node.create_subscription(DiagnosticArray, "/diagnostics", self._report, 100)
        self._node.create_subscription(Detection2DArray, "detections", self._result, 10)

    def _result(self, _: object) -> None:
        self._results += 1

    def _report(self, message: Any) -> None:
        for status in message.status:
            node, _, task = status.name.partition(": ")
            if node == "detector" and task in ("frames", "latency", "load"):
                values = {v.key: float(v.value) for v in status.values if v.key != "last_error"}
                self._values[task] = values
                if "cpu_percent" in values and task == "load":
                    outside = values["cpu_percent"] - values["cpu_inference_thread_percent"]
                    self.loads.append(outside)

    def values(self, task: str) -> dict[str, float]:
        """Return the next report of a task."""
        self._values.pop(task, None)
        self.until(lambda: task in self._values, f"{task} in diagnostics")
        return self._values[task]

    def camera_is_there(self) -> bool:
        return bool(self._node.count_publishers("image_raw"))

    def start_detector(self) -> float:
        """Configure and activate, and return the seconds to the first result."""
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        client = self._node.create_client(ChangeState, "detector/change_state")
        self.until(client.service_is_ready, "the detector")
        start = time.monotonic()
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            request = ChangeState.Request(transition=Transition(id=transition))
            future = client.call_async(request)
            self.until(future.done, "a transition")
        self.until(lambda: bool(self._results), "the first result")
        return time.monotonic() - start

    def until(self, test: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _TIMEOUT_S
        while not test():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {_TIMEOUT_S:g} s in vain for {what}")
            self._spin_once()

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._spin_once()

    def _spin_once(self) -> None:
        import rclpy

        rclpy.spin_once(self._node, timeout_sec=0.1)

    def close(self) -> None:
        import rclpy

        self._node.destroy_node()
        rclpy.try_shutdown()


@contextmanager
def _onlooker() -> Iterator[_Onlooker]:
    onlooker = _Onlooker()
    try:
        yield onlooker
    finally:
        onlooker.close()


if __name__ == "__main__":
    sys.exit(main())
