"""Where chance comes from, so that the same seed gives the same model."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed every generator that a model or a pass may draw from without one of its own."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
