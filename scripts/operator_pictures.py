"""Make the pictures of docs/operators.md from a real run: two robots, one of them overloaded.

.venv/bin/python scripts/operator_pictures.py          writes docs/pictures/
"""

from __future__ import annotations

import io
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT))
# Before the first import of rclpy.
os.environ["ROS_DOMAIN_ID"] = str(random.randint(1, 100))
os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", "DEFAULT?sockets_size=4MB")

_WIDTH = 110  # columns of the terminal
_SECONDS = 18.0


def main() -> int:
    """Start the nodes, look, and write."""
    from benchmarks.runtime.bundles import yolox_bundle
    from edge_compress import assets

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        bundle = yolox_bundle(Path(folder), "yolox_nano")
        square, street = assets.fetch("vtest.avi"), assets.fetch("bikes.mp4")
        detector = {"bundle": bundle, "threads": 1, "providers": "['cpu']"}
        with (
            _node("detector", "robot1", **detector),
            _node(
                "detector", "robot2", cameras="['front','left']", latency_warn_ms=40.0, **detector
            ),
            _node("camera", "robot1", source=square, rate=5.0),
            _node("camera", "robot2/front", source=street, rate=40.0),
            _node("status_image", ""),
        ):
            _look(_node("camera", "robot2/left", source=square, rate=3.0))
    return 0


@contextmanager
def _node(name: str, namespace: str, **parameters: object) -> Iterator[None]:
    command = [sys.executable, "-m", f"edge_compress.nodes.{name}", "--ros-args"]
    command += ["-r", f"__ns:=/{namespace}"]
    for key, value in parameters.items():
        command += ["-p", f"{key}:={value}"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _look(short_lived: AbstractContextManager[None]) -> None:
    """Listen; the node that is given ends before the pictures are taken."""
    from rich.console import Console
    from sensor_msgs.msg import Image

    from edge_compress.cli.monitor_view import picture
    from edge_compress.nodes.listener import listening
    from edge_compress.operators.fleet import Fleet

    fleet = Fleet()
    newest: dict[str, Image] = {}
    with listening("looker", lambda told: fleet.hear(told, time.monotonic())) as listener:
        for topic in ("robot1/overlay", "status_image"):
            listener.create_subscription(
                Image, topic, lambda message, topic=topic: newest.update({topic: message}), 1
            )
        with short_lived:
            listener.listen_for(_SECONDS)
        listener.listen_for(_SECONDS / 2)
        now = fleet.picture(time.monotonic(), "name", listener.reporters())
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    heading = f"{time.strftime('%H:%M:%S')}  domain {os.environ['ROS_DOMAIN_ID']}"
    console.print(picture(now, heading, console.size, whole=True))
    svg = console.export_svg(title="edge_compress monitor")
    # A picture in a page loads no fonts from elsewhere.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S).replace("Fira Code,", "")
    (PICTURES / "monitor.svg").write_text(svg)
    _write(newest["robot1/overlay"], PICTURES / "overlay.png", width=560)
    _write(newest["status_image"], PICTURES / "status_image.png", width=900)


def _write(message: object, path: Path, width: int) -> None:
    """Write a picture with few colours, so that the file is small."""
    import numpy as np
    from PIL import Image

    pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
    shown = Image.fromarray(pixels[..., ::-1])
    shown.thumbnail((width, width))
    shown.quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
