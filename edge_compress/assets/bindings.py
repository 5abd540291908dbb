"""NVIDIA's published Python bindings, to check names against. They are read, never loaded."""

from __future__ import annotations

from edge_compress.assets.asset import Asset, Collection
from edge_compress.assets.sources.unpacked import Unzipped
from edge_compress.assets.sources.url import UrlSource
from edge_compress.assets.sources.wheel import WheelSource

_INDEX = "https://pypi.nvidia.com"
_PYTHON = "3.11"


def _tensorrt(package: str, version: str, glibc: str, sha256: str) -> Asset:
    return _binding(
        f"tensorrt-{version}.so",
        sha256,
        package,
        version,
        f"{package.replace('-', '_')}-{version}-cp311-none-manylinux_{glibc}_x86_64.whl",
        f"manylinux_{glibc}_x86_64",
        "tensorrt_bindings/tensorrt.so",
    )


def _binding(
    name: str, sha256: str, package: str, version: str, wheel: str, platform: str, member: str
) -> Asset:
    return Asset(
        name,
        sha256,
        f"Python binding of {package} {version} for x86-64; proprietary, NVIDIA",
        (
            WheelSource(f"{package}=={version}", member, platform=(_PYTHON, platform)),
            Unzipped(UrlSource(f"{_INDEX}/{package}/{wheel}"), member),
        ),
    )


TENSORRT_BINDINGS = Collection(
    "tensorrt-bindings",
    "Python bindings of TensorRT 8.6 to 11.4 without TensorRT itself, 19 MB; proprietary, NVIDIA",
    (
        _tensorrt(
            "tensorrt-bindings",
            "8.6.1",
            "2_17",
            "78dead5df009dd783cdbedc97668d30b06f3ccef6c58111aa14e78ef07c09fe5",
        ),
        _tensorrt(
            "tensorrt-cu12-bindings",
            "10.3.0",
            "2_17",
            "fc41d01b80e66adaf4c39739033c68fca56d070fbd7ae299d21cf0eb5596651d",
        ),
        _tensorrt(
            "tensorrt-cu12-bindings",
            "10.13.3.9",
            "2_28",
            "e76e4720894c550aa5131e558caac1ca8eac80851b47006e3fd7b6f3e1271f5d",
        ),
        _tensorrt(
            "tensorrt-cu13-bindings",
            "11.4.0.106",
            "2_28",
            "d07cb6dfd4300c794285e056633c98ffa54c63e06f828b903fdb4abbe2158938",
        ),
    ),
)

CUDA_PYTHON = _binding(
    "cuda-python-11.8.3.so",
    "03ce333374784622430588175c69cc933d3737aa6df01f00167e341cff3a720e",
    "cuda-python",
    "11.8.3",
    "cuda_python-11.8.3-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "manylinux_2_17_x86_64",
    "cuda/cudart.cpython-311-x86_64-linux-gnu.so",
)
