"""A small torch detector with a yolox head, and passes to try the pipeline with.

Importable by name, as a user's own package would be: checkpoints and factories need that.
"""

from __future__ import annotations

import copy
import os
import signal
from typing import Literal

import torch
from torch import Tensor, nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import Context, Pass, PassFailed


class TinyDetector(nn.Module):
    """[n, 3, h, w] to [n, h/8 * w/8, 7]: two classes at stride 8; `ballast` only costs time."""

    def __init__(self, ballast: int = 0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.SiLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.SiLU()
        )
        self.head = nn.Conv2d(8, 5, 3, 2, 1)
        self.head.bias.data = torch.tensor([0.5, 0.5, 1.0, 1.0, 2.0])
        self.classes = nn.Conv2d(8, 2, 3, 2, 1)
        self.classes.bias.data = torch.tensor([2.0, -2.0])
        self.ballast = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3, 24, 3, 2), nn.Conv2d(24, 24, 3)) for _ in range(ballast)
        )

    def forward(self, images: Tensor) -> Tensor:
        seen = self.features(images / 64 - 2)
        raw = torch.cat([self.head(seen), self.classes(seen)], 1).flatten(2).transpose(1, 2)
        for heavy in self.ballast:
            raw = raw + 0 * heavy(images).mean()
        return torch.cat([raw[..., :4], raw[..., 4:].sigmoid()], -1)


def tiny() -> nn.Module:
    return TinyDetector()


def heavy() -> nn.Module:
    return TinyDetector(ballast=3)


class Coarse(nn.Module):
    """[n, 3, h, w] to [n, h/16 * w/16, 7]: two classes at stride 16."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = TinyDetector()
        self.halve = nn.AvgPool2d(2)

    def forward(self, images: Tensor) -> Tensor:
        return self.fine(self.halve(images))


def coarse() -> nn.Module:
    return Coarse()


class Final(nn.Module):
    """Boxes, scores and labels of one object, as if NMS had been done."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shift = 0 * images.mean()
        return torch.ones(1, 4) + shift, torch.ones(1) + shift, torch.zeros(1, dtype=torch.int64)


def final() -> nn.Module:
    return Final()


def broken() -> nn.Module:
    raise RuntimeError("no such layer")


def no_module() -> int:
    return 3


class DropBallast(Pass):
    """Makes the model faster, and moves each weight a little, by torch's own random numbers."""

    kind: Literal["drop_ballast"] = "drop_ballast"
    kill: bool = False

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        module = copy.deepcopy(candidate.module)
        inner = module.module
        inner.ballast = inner.ballast[:-1]
        with torch.no_grad():
            for parameter in inner.parameters():
                parameter += 1e-4 * torch.randn_like(parameter)
        if self.kill and os.environ.get("KILL") == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        return candidate.with_module(module)


class AddBallast(Pass):
    """The same results, more slowly."""

    kind: Literal["add_ballast"] = "add_ballast"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        module = copy.deepcopy(candidate.module)
        module.module.ballast = TinyDetector(ballast=6).ballast
        return candidate.with_module(module)


class Scramble(Pass):
    """Another head than the one that was trained."""

    kind: Literal["scramble"] = "scramble"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        module = copy.deepcopy(candidate.module)
        module.module.ballast = nn.ModuleList()
        module.module.head = nn.Conv2d(8, 5, 3, 2, 1)
        return candidate.with_module(module)


class NotANumber(Pass):
    """Weights that training has ruined."""

    kind: Literal["not_a_number"] = "not_a_number"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        module = copy.deepcopy(candidate.module)
        module.module.head.weight.data.fill_(float("nan"))
        return candidate.with_module(module)


class Refuse(Pass):
    """Does not fit any model."""

    kind: Literal["refuse"] = "refuse"

    def run(self, candidate: Candidate, context: Context) -> Candidate:
        raise PassFailed("this model has no such layers")
