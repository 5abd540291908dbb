"""What the detector needs of a runtime."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_compress.bundle.schema import InputSpec
from edge_compress.errors import EdgeCompressError


class ModelError(EdgeCompressError):
    """A model file cannot be loaded, or is no model of images."""


class ProviderError(EdgeCompressError):
    """A provider is not there, or cannot run the model."""


class Session(Protocol):
    """A loaded model on one provider.

    Attributes:
        provider: ``cpu``, ``cuda`` or ``tensorrt``.
        input_name: of the image input.
        input_shape: [n, 3, height, width]; None where the model leaves a size free.
        output_names: in the order in which `run` returns them.
    """

    provider: str
    input_name: str
    input_shape: tuple[int | None, ...]
    output_names: tuple[str, ...]

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[Any]]:
        """Run the model once on a float32 [n, 3, height, width] tensor.

        Raises:
            ProviderError: the provider failed.
        """
        ...

    def close(self) -> None:
        """Free the model; the session cannot run any more."""
        ...


def check_input(session: Session, spec: InputSpec) -> None:
    """Refuse a session that takes another input than the bundle says.

    Raises:
        ModelError: with both shapes.
    """
    wanted = (1, 3, spec.height, spec.width)
    shape = session.input_shape
    if any(has not in (None, want) for has, want in zip(shape, wanted, strict=True)):
        raise ModelError(f"the model's input is {list(shape)}, the bundle says {list(wanted)}")
