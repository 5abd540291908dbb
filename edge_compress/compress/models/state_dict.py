"""A state dict from a file, without running code that the file may carry."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from edge_compress.compress.models.errors import ModelSourceError


@dataclass(frozen=True)
class StateDict:
    """Named tensors of a file."""

    path: Path
    tensors: dict[str, Tensor]

    def load_into(self, module: nn.Module) -> None:
        """Set every parameter and buffer of the module.

        Raises:
            ModelSourceError: naming what is missing, left over, or of another shape.
        """
        wanted = module.state_dict()
        missing = sorted(wanted.keys() - self.tensors.keys())
        extra = sorted(self.tensors.keys() - wanted.keys())
        shapes = [
            f"{key} is {list(self.tensors[key].shape)}, not {list(wanted[key].shape)}"
            for key in sorted(wanted.keys() & self.tensors.keys())
            if self.tensors[key].shape != wanted[key].shape
        ]
        for what, names in (("missing", missing), ("unknown", extra), ("of another shape", shapes)):
            if names:
                raise ModelSourceError(
                    f"{self.path}: does not fit the model: {len(names)} tensors {what}, "
                    f"the first: {names[0]}"
                )
        module.load_state_dict(self.tensors)


def load_state_dict(path: Path) -> StateDict:
    """Read what ``torch.save(module.state_dict(), path)`` wrote; also under a `state_dict` key.

    Raises:
        ModelSourceError: when it is not such a file.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ModelSourceError(
            f"{path}: not a state dict that can be read safely; "
            "save it with torch.save(module.state_dict(), path)"
        ) from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise ModelSourceError(f"{path}: holds no state dict (names to tensors)")
    return StateDict(path, content)
