"""Every name that the backend uses exists in NVIDIA's published bindings of each generation.

The backend runs on the fakes in all other tests here, and the fakes have nothing but the names
looked up here; so what it uses, exists. The bindings cannot be loaded without a GPU's libraries,
but each name of their Python interface is a string in them. There are no bindings of 8.5 on a
package index: its names are looked up in 8.6, and were compared with the sources of the tag 8.5.3.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from fake_cuda import CaptureMode, CopyKind, FakeCuda
from fake_tensorrt import FakeTensorrt

from edge_compress import assets
from edge_compress.inference import tensorrt as backend

SOURCES = sorted(Path(backend.__file__).parent.glob("*.py"))
GENERATIONS = {
    "8.5.3": "8.6.1",
    "8.6.1": "8.6.1",
    "10.3.0": "10.3.0",
    "10.13.3.9": "10.13.3.9",
    "11.4.0.106": "11.4.0.106",
}


def names(version):
    return FakeTensorrt(version, FakeCuda()).names


EVERY_NAME = set().union(*map(names, GENERATIONS))


@pytest.fixture(scope="session")
def bindings():
    folder = assets.fetch("tensorrt-bindings")
    return {path.stem.removeprefix("tensorrt-"): path.read_bytes() for path in folder.glob("*.so")}


def has(binding, name):
    """Whether a name is a string of its own, or a callback that the documentation shows."""
    return name.encode() + b"\0" in binding or f"def {name}(self".encode() in binding


@pytest.mark.parametrize(("version", "published"), GENERATIONS.items())
def test_each_name_exists_in_this_generation(bindings, version, published):
    assert len(names(version)) > 70
    assert {name for name in names(version) if not has(bindings[published], name)} == set()


@pytest.mark.parametrize("version", ["8.6.1", "10.3.0", "10.13.3.9", "11.4.0.106"])
def test_what_a_generation_is_said_to_lack_it_lacks(bindings, version):
    lacking = EVERY_NAME - names(version)
    assert {name for name in lacking if has(bindings[version], name)} == set()


def test_generations_differ_where_the_backend_says_so():
    assert {"IProgressMonitor", "STRONGLY_TYPED"} & names("8.6.1") == set()
    assert {"FP16", "EXPLICIT_BATCH"} & names("11.4.0.106") == set()
    assert "builder_optimization_level" not in names("8.5.3")


def chains(tree, root):
    """Names after `root` in expressions such as ``library.trt.BuilderFlag.INT8``."""
    for node in ast.walk(tree):
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            parts.append(node.id)
        if root in parts[1:]:
            yield list(reversed(parts[: parts.index(root)]))


def test_no_line_of_the_backend_names_anything_else():
    used = [chain for path in SOURCES for chain in chains(ast.parse(path.read_text()), "trt")]
    assert len(used) > 20
    python = {"__init__", "__version__"}
    assert {name for chain in used for name in chain} - EVERY_NAME - python == set()


def cuda_names():
    """Functions and constants of CUDA that the backend uses."""
    nodes = [node for path in SOURCES for node in ast.walk(ast.parse(path.read_text()))]
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return {name for name in used if re.fullmatch(r"cuda[A-Z]\w+", name)}


def published_cuda():
    """The oldest binding of CUDA that is supported, and the one that PyTorch brings."""
    yield "11.8.3", assets.fetch("cuda-python-11.8.3.so").read_bytes()
    found = importlib.util.find_spec("cuda.bindings.runtime")
    if found is not None and found.origin is not None:
        yield "installed", Path(found.origin).read_bytes()


def test_cudas_functions_take_what_they_are_given_in_every_version():
    members = {*CaptureMode.__members__, *CopyKind.__members__}
    assert cuda_names() - members <= set(dir(FakeCuda().module))
    functions = {name for name in cuda_names() if hasattr(FakeCuda, name)}
    assert len(functions) > 15
    for version, binding in published_cuda():
        for name in functions:
            taken = list(inspect.signature(getattr(FakeCuda, name)).parameters)[1:]
            assert taken in documented(binding, name), f"{name} of {version}"


def documented(binding, name):
    """Each list of arguments with which a function is written; texts also write it without."""
    called = f"{name}(".encode()
    start = binding.find(called)
    while start >= 0:
        within = binding[start + len(called) : binding.find(b")", start)].decode("latin-1")
        parts = [part.partition(":")[0].split() for part in within.split(", ")]
        yield [words[-1].lstrip("*") for words in parts if words]
        start = binding.find(called, start + 1)


def test_cudas_constants_exist_in_every_version():
    properties = {"multiProcessorCount", "major", "minor"}
    for version, binding in published_cuda():
        missing = {name for name in cuda_names() | properties if name.encode() not in binding}
        assert missing == set(), version
