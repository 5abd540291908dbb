"""The nodes that are measured, each with one inference thread where that can be told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vision_msgs.msg import Detection2DArray

from benchmarks.runtime import yolox_ros_node
from benchmarks.runtime.bundles import MODEL_FILE
from benchmarks.runtime.camera import Camera
from benchmarks.runtime.compared import LEAST, NODE, TUTORIAL, YOLOX_ROS
from benchmarks.runtime.onlooker import Onlooker, Result
from benchmarks.runtime.processes import NodeProcess

_numbers = itertools.count()


@dataclass(frozen=True)
class Stage:
    """What all parts share.

    Attributes:
        onlooker: sees what comes.
        camera: plays `video`.
        bundle: YOLOX-Nano.
        video: people in a square.
        folder: for logs and other bundles.
        yolox_ros: a checkout of YOLOX-ROS, if there is one.
    """

    onlooker: Onlooker
    camera: Camera
    bundle: Path
    video: Path
    folder: Path
    yolox_ros: Path | None = None


@dataclass
class Subject:
    """A node that is measured.

    Attributes:
        title: for the page.
        process: where it runs.
        results: what comes from it; of the first camera if it has several.
        reports: it is ours, and tells of itself in diagnostics.
    """

    title: str
    process: NodeProcess
    results: list[Result]
    reports: bool = False


@contextmanager
def detector(stage: Stage, **parameters: Any) -> Iterator[Subject]:
    """Our node, active unless `autostart` is false; `parameters` are the node's."""
    settings = {"bundle": stage.bundle, "threads": 1, "providers": ["cpu"], **parameters}
    with _process(stage, "edge_compress.nodes.detector", "detector", settings) as process:
        if settings.get("autostart", True):
            stage.onlooker.wait_active(process.name)
        results = stage.onlooker.results(Detection2DArray, process.topic("detections"))
        yield Subject(NODE, process, results, reports=True)


@contextmanager
def tutorial(stage: Stage) -> Iterator[Subject]:
    """The node of a tutorial."""
    with _plain(stage, TUTORIAL) as subject:
        yield subject


@contextmanager
def least(stage: Stage) -> Iterator[Subject]:
    """A node that does nothing but infer."""
    with _plain(stage, LEAST) as subject:
        yield subject


@contextmanager
def yolox_ros(stage: Stage) -> Iterator[Subject]:
    """The node of YOLOX-ROS; it takes as many threads as ONNX Runtime likes."""
    from bboxes_ex_msgs.msg import BoundingBoxes

    settings = {"model_path": stage.bundle / MODEL_FILE, "imshow_isshow": False}
    checkout = [str(stage.yolox_ros)]
    with _process(stage, yolox_ros_node.MODULE, "yolox_ros", settings, checkout) as process:
        results = stage.onlooker.results(BoundingBoxes, process.topic(yolox_ros_node.RESULTS))
        yield Subject(YOLOX_ROS, process, results)


@contextmanager
def _plain(stage: Stage, title: str) -> Iterator[Subject]:
    settings = {"model": stage.bundle / MODEL_FILE}
    with _process(stage, f"benchmarks.runtime.{title}_node", title, settings) as process:
        results = stage.onlooker.results(Detection2DArray, process.topic("detections"))
        yield Subject(title, process, results)


def _process(
    stage: Stage,
    module: str,
    node: str,
    settings: dict[str, Any],
    arguments: list[str] | None = None,
) -> NodeProcess:
    name = f"bench{next(_numbers)}/{node}"
    log = stage.folder / f"{name.replace('/', '-')}.log"
    process = NodeProcess(module, name, log, settings, arguments or ())
    stage.onlooker.watched.append(process)
    return process
