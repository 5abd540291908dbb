"""Photos of things that COCO's classes name, for the panels of the simulated world. See NOTICE."""

from __future__ import annotations

from edge_compress.assets.asset import Asset, Collection
from edge_compress.assets.sources.debian import DebianSource
from edge_compress.assets.sources.url import UrlSource
from edge_compress.assets.sources.wheel import WheelSource


def _darknet(name: str, sha256: str, shows: str) -> Asset:
    return Asset(
        name,
        sha256,
        f"a photo of {shows}; MIT or WTFPL, Darknet",
        (
            DebianSource("darknet", f"usr/share/darknet/data/{name}"),
            UrlSource(f"https://raw.githubusercontent.com/pjreddie/darknet/master/data/{name}"),
        ),
    )


def _scikit_image(name: str, sha256: str, shows: str) -> Asset:
    return Asset(
        name,
        sha256,
        f"a photo of {shows}, scikit-image's data",
        (
            WheelSource(
                "scikit-image==0.26.0",
                f"skimage/data/{name}",
                platform=("3.11", "manylinux_2_28_x86_64"),
            ),
            UrlSource(
                "https://raw.githubusercontent.com/scikit-image/scikit-image/v0.26.0/"
                f"skimage/data/{name}"
            ),
        ),
    )


PANEL_PHOTOS = Collection(
    "panel-photos",
    "photos of people and animals, 2.6 MB; MIT or WTFPL, CC0: see NOTICE",
    (
        _darknet(
            "dog.jpg",
            "5a9522051c3cec2bbd2f6323fccba32e8fbf3ddcc2b3e2fd46b04c720bc6f866",
            "a dog before a bicycle, 768x576",
        ),
        _darknet(
            "eagle.jpg",
            "f95f57297fd51a6c5ddceb5ed6916fa759d1d65f402fee34c05b31a9608755c0",
            "an eagle, 773x512",
        ),
        _darknet(
            "giraffe.jpg",
            "00dc48a9b2af8a1fe4c4b79319726591f1033c7e1150f21e7577a79f3b6659f1",
            "a giraffe and a zebra, 500x500",
        ),
        _darknet(
            "kite.jpg",
            "87410f52f79cc256c3949b48a3548632c07c8e9943468ef8caa6250f6643be8e",
            "people and kites on a beach, 1352x900",
        ),
        _darknet(
            "person.jpg",
            "cdcbab947e46110fc2b77784ac54ddbbab2640f1e44cb5e91fc8984a9793a7d1",
            "a man, a dog and a horse, 640x424",
        ),
        _scikit_image(
            "camera.png",
            "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
            "a man with a film camera, 512x512, grey; CC0, Lav Varshney",
        ),
    ),
)
