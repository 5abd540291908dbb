"""Passes work in any order on networks that nobody has thought of, and what comes out runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from digits import INPUT, LABELS, STILL, load_digits
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st
from torch import nn

from edge_compress.bundle.schema import ClassifierHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.export import export
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.passes import (
    Distill,
    Equalize,
    Factorize,
    HalfWeights,
    Prune,
    Quantize,
    QuantizeDynamic,
    QuantizeWeights,
    ReplaceActivation,
    Train,
)
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.error import QuantizationError
from edge_compress.compress.target import Target
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.inference.onnxruntime_session import OrtSession

SHORT = Schedule(epochs=1, learning_rate=1e-3, batch_size=32, augmentation=STILL)
ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU, "hardswish": nn.Hardswish}


class Block(nn.Module):
    """A convolution, perhaps grouped by channel, perhaps around a shortcut."""

    def __init__(self, inputs, outputs, kernel, stride, activation, norm, depthwise):
        super().__init__()
        self.depthwise = (
            nn.Conv2d(inputs, inputs, kernel, padding=kernel // 2, groups=inputs)
            if depthwise
            else nn.Identity()
        )
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm)
        self.norm = nn.BatchNorm2d(outputs) if norm else nn.Identity()
        self.act = ACTIVATIONS[activation]()
        self.shortcut = inputs == outputs and stride == 1

    def forward(self, x):
        y = self.act(self.norm(self.conv(self.depthwise(x))))
        return x + y if self.shortcut else y


@st.composite
def networks(draw):
    """A classifier of digits of one to three blocks."""
    channels, blocks = 3, []
    for _ in range(draw(st.integers(1, 3))):
        outputs = draw(st.sampled_from([8, 12, 16, channels if channels > 3 else 8]))
        stride = draw(st.sampled_from([1, 2, 2]))
        kernel = draw(st.sampled_from([1, 3, 5]))
        activation = draw(st.sampled_from(sorted(ACTIVATIONS)))
        norm, depthwise = draw(st.booleans()), draw(st.booleans())
        blocks.append(Block(channels, outputs, kernel, stride, activation, norm, depthwise))
        channels = outputs
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    return nn.Sequential(*blocks, *head)


PASSES = {
    "channels": Prune(keep=0.6, steps=1, recovery=SHORT),
    "weights": Prune(granularity="weights", sparsity=0.5, steps=1, recovery=SHORT),
    "2:4": Prune(granularity="2:4", steps=1, recovery=SHORT),
    "distill": Distill(schedule=SHORT),
    "train": Train(schedule=SHORT),
    "factorize": Factorize(keep="smaller", by="full_rank", share=0.3),
    "equalize": Equalize(),
    "relu": ReplaceActivation(recovery=SHORT),
    "4 bits": QuantizeWeights(bits=4),
    "ternary": QuantizeWeights(scheme="ternary"),
    "static": Quantize(frames=8, profiles=("ort-cpu",)),
    "dynamic": QuantizeDynamic(),
    "half": HalfWeights(),
}


@pytest.mark.slow
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # an example takes seconds: a failing one is told as it is
    suppress_health_check=list(HealthCheck),
)
@given(networks(), st.permutations(sorted(PASSES)).map(lambda order: order[:4]))
def test_any_order_of_passes_exports_and_runs(network, names):
    torch.manual_seed(0)
    head = ClassifierHead()
    module = TupleOutput(network).eval()
    candidate = Candidate(module, INPUT, head, LABELS, "classification")
    frames = load_digits().learn[:64]
    context = Context(
        Teacher(candidate, frames, Silent()),
        frames,
        frames[:16],
        Target(channel_step=4),
        0,
        Silent(),
    )
    for name in names:
        try:
            changed = PASSES[name].run(candidate, context)
            runs(changed, frames)
            candidate = changed
            event(f"{name} carried out")
        except (PassFailed, QuantizationError) as refused:
            note(f"{name}: {refused}")
    runs(candidate, frames)


def runs(candidate, frames):
    """Export, which compares with torch, and run every file."""
    with tempfile.TemporaryDirectory() as folder:
        for path in export(candidate, Path(folder), frames).values():
            session = OrtSession(path, threads=1)
            (found,) = session.run(np.zeros((1, 3, 28, 28), np.float32))
            session.close()
            assert found.shape == (1, 10)
            assert np.isfinite(found).all()
