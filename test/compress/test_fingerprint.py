"""What makes a run begin anew, and what does not."""

from __future__ import annotations

import copy
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from edge_compress.bundle.schema import ClassifierHead, InputSpec
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.fingerprint import fingerprint
from edge_compress.compress.models.operations import operations
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.original import load_candidates
from edge_compress.compress.recipe import load_recipe

ROOT = Path(__file__).parents[2]
PRINTED = """
import sys
from edge_compress.compress.fingerprint import fingerprint
from edge_compress.compress.original import load_candidates
from edge_compress.compress.recipe import load_recipe
recipe = load_recipe(sys.argv[1])
print(fingerprint(recipe, load_candidates(recipe)[0]))
"""

FACTORY = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
        self.register_buffer("weights", torch.tensor([1.0, 2.0, 3.0, 4.0]), persistent=False)

    def forward(self, images):
        seen = self.one(images) - self.two(images)
        return seen.mean((2, 3)) * self.weights / 3

def make():
    return Model()
"""


class Computes(nn.Module):
    """One and the same layers and weights; what is done with them is given."""

    def __init__(self, forward) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
        self.call = forward

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.call(self, images)


def computed(forward) -> list[str]:
    module = TupleOutput(Computes(forward)).eval()
    spec = InputSpec(height=16, width=16)
    return operations(Candidate(module, spec, ClassifierHead(), ("a",) * 4, "classification"))


@pytest.fixture
def coded(write_recipe, tmp_path, monkeypatch):
    """Return a function that writes a factory's code, and gives a recipe for it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(code: str) -> Path:
        (tmp_path / "coded.py").write_text(code)
        monkeypatch.delitem(sys.modules, "coded", raising=False)
        importlib.invalidate_caches()
        return write_recipe(
            task="classification",
            model={
                "source": "coded:make",
                "input": {"height": 16, "width": 16},
                "head": {"kind": "classifier"},
            },
        )

    return write


def of_file(path: Path) -> str:
    recipe = load_recipe(path)
    return fingerprint(recipe, load_candidates(recipe)[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/ 3", "/ 4"),
        ("self.one(images) - self.two(images)", "self.two(images) - self.one(images)"),
        ("seen.mean(", "seen.amax("),
        ("4.0]", "5.0]"),
    ],
)
def test_other_code_with_the_same_layers_is_another_model(coded, old, new):
    assert old in FACTORY
    before = of_file(coded(FACTORY))
    assert before != of_file(coded(FACTORY.replace(old, new)))
    assert before == of_file(coded("# a comment" + FACTORY.replace("seen", "features")))


@pytest.mark.slow
def test_threads_and_the_order_of_sets_make_no_other_model(coded, tmp_path):
    recipe = coded(FACTORY)

    def printed(threads: str) -> str:
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        more = {"PYTHONPATH": path, "OMP_NUM_THREADS": threads, "PYTHONHASHSEED": threads}
        done = subprocess.run(
            [sys.executable, "-B", "-c", PRINTED, str(recipe)],
            env={**os.environ, **more},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout.strip()

    assert printed("1") == printed("2") == of_file(recipe)


def test_what_was_done_in_the_process_before_makes_no_other_model(write_recipe):
    recipe = load_recipe(write_recipe())
    first, _ = load_candidates(recipe)
    known = fingerprint(recipe, first)
    torch.rand(3)
    computed(lambda own, images: own.one(images))
    torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
    try:
        assert fingerprint(recipe, copy.deepcopy(first)) == known
        assert fingerprint(recipe, load_candidates(recipe)[0]) == known
        assert fingerprint(recipe, first) == known
    finally:
        torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark


def test_a_grid_that_is_kept_for_its_size_makes_no_other_model(write_recipe):
    """As heads of detectors have them: made anew when another size has come in between."""

    def forward(own: nn.Module, images: torch.Tensor) -> torch.Tensor:
        if getattr(own, "grid", torch.zeros(0)).shape[-2:] != images.shape[-2:]:
            own.grid = torch.arange(images.shape[-1]).repeat(images.shape[-2], 1)
        return own.one(images) + own.grid

    module = Computes(forward).eval()
    candidate = Candidate(
        TupleOutput(module), InputSpec(height=16, width=16), ClassifierHead(), (), "classification"
    )
    known = operations(candidate)
    module(torch.zeros(2, 3, 8, 8))
    assert operations(candidate) == known


@pytest.mark.filterwarnings("ignore:.*torch.jit.script")
def test_a_choice_within_a_script_is_looked_into():
    @torch.jit.script
    def smaller(images: torch.Tensor, size: int) -> torch.Tensor:
        if images.shape[-1] > size:
            return images / 2
        return images

    def of(size):
        return computed(lambda own, images: own.one(smaller(images, size)))

    lines = of(8)
    assert any(line.startswith("prim::If") for line in lines)
    assert any(line.startswith("aten::div") for line in lines)
    assert lines != of(9)
    assert lines == of(8)


def test_a_model_that_cannot_be_traced_has_no_operations():
    class Fleeting(Exception):
        pass

    def forward(own, images):
        if torch.jit.is_tracing():
            raise Fleeting
        return own.one(images)

    assert computed(forward) == []
    assert computed(lambda own, images: own.one(images))
