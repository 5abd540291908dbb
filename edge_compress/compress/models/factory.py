"""A model that the user's own function builds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from torch import nn

from edge_compress.compress.models.errors import ModelSourceError
from edge_compress.compress.models.state_dict import load_state_dict


def load_factory(source: str, weights: Path | None) -> nn.Module:
    """Call ``package.module:factory`` without arguments and load the weights into what it returns.

    Modules are also looked for in the current folder, as `python -m` does.

    Raises:
        ModelSourceError: naming module and function, whatever went wrong in them.
    """
    module_name, _, function_name = source.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        factory = getattr(importlib.import_module(module_name), function_name)
    except ModuleNotFoundError as error:
        raise ModelSourceError(
            f"{source}: {error}; install it, or run from the folder that holds it"
        ) from error
    except AttributeError as error:
        raise ModelSourceError(
            f"{source}: module {module_name!r} has no {function_name!r}"
        ) from error
    except Exception as error:
        raise ModelSourceError(
            f"{source}: importing {module_name!r} failed: {type(error).__name__}: {error}"
        ) from error
    try:
        module = factory()
    except Exception as error:
        raise ModelSourceError(
            f"{source}: {function_name}() of {module_name!r} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(module, nn.Module):
        raise ModelSourceError(
            f"{source}: {function_name}() of {module_name!r} returned {type(module).__name__}, "
            "a torch.nn.Module is needed"
        )
    if weights is not None:
        load_state_dict(weights).load_into(module)
    return module
