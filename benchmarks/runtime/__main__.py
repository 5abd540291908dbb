"""`python -m benchmarks runtime`: the detector node under load, faults and beside its peers.

Nothing else should run on the machine meanwhile. All parts at their full length take an hour.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.runtime import page
from benchmarks.runtime.parts import PARTS
from benchmarks.runtime.results import FOLDER, Part

# Seconds of each part; those of the first two are for each node under each condition.
SECONDS = {
    "overhead": 60.0,
    "peers": 30.0,
    "overload": 600.0,
    "swap": 300.0,
    "cameras": 60.0,
    "soak": 1200.0,
}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks runtime", description=__doc__)
    parser.add_argument("--only", default=",".join(SECONDS), help="parts, with commas between")
    parser.add_argument("--seconds", type=float, help="of each part, in place of its full length")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="write the figures there, and no page"
    )
    parser.add_argument(
        "--yolox-ros",
        type=Path,
        metavar="FOLDER",
        help="a checkout of YOLOX-ROS; yolox, loguru and bboxes_ex_msgs must be importable",
    )
    parser.add_argument(
        "--domain",
        type=int,
        metavar="N",
        # Ids up to 101 stay clear of the ports that Linux hands out.
        default=random.SystemRandom().randint(1, 101),
        help="ROS domain (default: any, so that no robot's nodes are met)",
    )
    args = parser.parse_args(argv)
    names = args.only.split(",")
    if unknown := set(names) - set(SECONDS):
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(SECONDS)}")
    if args.yolox_ros is not None and not _can_run(args.yolox_ros, parser):
        return 2
    for name in names:
        print(f"--- {name}", flush=True)
        figures = run(name, args.seconds or SECONDS[name], args.domain, args.yolox_ros)
        for goal in figures.goals:
            said = {True: "reached", False: "MISSED", None: "not measured"}[goal.reached]
            print(f"{goal.what}: {goal.measured} ({goal.asked}): {said}", flush=True)
        figures.save(args.output or FOLDER)
        if args.output is None:
            page.write()
    return 0


def run(name: str, seconds: float, domain: int, yolox_ros: Path | None = None) -> Part:
    """Measure one part.

    Args:
        name: of the part.
        seconds: its length.
        domain: of ROS.
        yolox_ros: a checkout of YOLOX-ROS.
    """
    module = importlib.import_module(f"benchmarks.runtime.{name}")
    with _stage(domain, yolox_ros) as stage:
        figures = module.measure(stage, seconds)
    assert isinstance(figures, PARTS)
    return figures


def _can_run(checkout: Path, parser: argparse.ArgumentParser) -> bool:
    from benchmarks.runtime import yolox_ros_node

    node = checkout / "yolox_ros_py" / "yolox_ros_py" / "yolox_onnx.py"
    missing = yolox_ros_node.missing()
    if node.is_file() and not missing:
        return True
    parser.print_usage()
    print(f"{checkout}: " + (f"needs {', '.join(missing)}" if missing else f"has no {node}"))
    return False


@contextmanager
def _stage(domain: int, yolox_ros: Path | None) -> Iterator[object]:
    """All that the parts share, in a ROS domain."""
    from benchmarks.runtime.bundles import yolox_bundle
    from benchmarks.runtime.camera import Camera
    from benchmarks.runtime.nodes import Stage
    from benchmarks.runtime.onlooker import onlooker
    from edge_compress import assets
    from edge_compress.nodes.qos import TRANSPORTS

    os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", TRANSPORTS)
    os.environ["ROS_DOMAIN_ID"] = str(domain)
    video = assets.fetch("vtest.avi")
    with tempfile.TemporaryDirectory() as name, onlooker() as look:
        folder = Path(name)
        camera = Camera(video)
        try:
            bundle = yolox_bundle(folder, "original")
            yield Stage(look, camera, bundle, video, folder, yolox_ros)
        finally:
            camera.close()


if __name__ == "__main__":
    raise SystemExit(main())
