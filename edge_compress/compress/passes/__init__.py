"""The passes that a recipe may list, one a file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edge_compress.compress.passes.distill import Distill
from edge_compress.compress.passes.equalize import Equalize
from edge_compress.compress.passes.factorize import Factorize
from edge_compress.compress.passes.fold_focus import FoldFocus
from edge_compress.compress.passes.half_precision import HalfPrecision
from edge_compress.compress.passes.half_weights import HalfWeights
from edge_compress.compress.passes.prune import Prune
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.passes.quantize_dynamic import QuantizeDynamic
from edge_compress.compress.passes.quantize_weights import QuantizeWeights
from edge_compress.compress.passes.replace_activation import ReplaceActivation
from edge_compress.compress.passes.resize_input import ResizeInput
from edge_compress.compress.passes.search import Search
from edge_compress.compress.passes.train import Train

AnyPass = Annotated[
    Train
    | ResizeInput
    | FoldFocus
    | HalfWeights
    | ReplaceActivation
    | Prune
    | Factorize
    | Distill
    | Equalize
    | Quantize
    | QuantizeDynamic
    | QuantizeWeights
    | HalfPrecision
    | Search,
    Field(discriminator="kind"),
]

__all__ = [
    "AnyPass",
    "Distill",
    "Equalize",
    "Factorize",
    "FoldFocus",
    "HalfPrecision",
    "HalfWeights",
    "Prune",
    "Quantize",
    "QuantizeDynamic",
    "QuantizeWeights",
    "ReplaceActivation",
    "ResizeInput",
    "Search",
    "Train",
]
