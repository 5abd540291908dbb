"""How far a student's classes and features are from its teacher's."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional

from edge_compress.compress.training.losses import soft_target_loss

SoftTargets = Literal["kl", "cross_entropy"]
EPSILON = 1e-6


def soft_class_loss(
    logits: Tensor, teacher_logits: Tensor, temperature: float, kind: SoftTargets
) -> Tensor:
    """How far the student's softened classes are from the teacher's; a scalar.

    With p of the teacher and q of the student at temperature T: T² KL(p || q), or the cross-entropy
    -T² Σ p log q, which has the same gradients and is the KL plus the entropy of p. T² keeps the
    gradients' size whatever the temperature. Hinton et al., arXiv:1503.02531.

    Args:
        logits: of the student, [n, classes].
        teacher_logits: [n, classes].
        temperature: above 0; 1 leaves the classes as sharp as they are.
        kind: which of the two.
    """
    if kind == "kl":
        return soft_target_loss(logits, teacher_logits, temperature)
    wanted = (teacher_logits / temperature).softmax(-1)
    told = functional.log_softmax(logits / temperature, dim=-1)
    return -(temperature**2) * (wanted * told).sum(-1).mean()


def hint_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference of features, by the mean square of the teacher's; a scalar.

    The division lets one weight serve layers of any scale; else as in Romero et al., "FitNets",
    arXiv:1412.6550, equation 3.

    Args:
        found: of the student, after its adapter, [n, channels, height, width] or [n, channels].
        wanted: of the teacher, of the same channels; another height and width are averaged.
    """
    found, wanted = alike(found, wanted)
    return functional.mse_loss(found, wanted) / wanted.square().mean().clamp(min=EPSILON)


def attention_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Squared distance of unit attention maps, a frame's mean; 0 to 2.

    A map is the sum over channels of the squared features, so the numbers of channels may differ.
    Zagoruyko and Komodakis, arXiv:1612.03928, equation 2 with p = 2.

    Args:
        found: of the student, [n, channels, height, width].
        wanted: of the teacher; another height and width are averaged.
    """
    found, wanted = alike(found, wanted)
    return (_attention(found) - _attention(wanted)).square().sum(-1).mean()


def alike(found: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Both feature maps at the smaller height and the smaller width of the two."""
    if found.ndim != 4 or found.shape[2:] == wanted.shape[2:]:
        return found, wanted
    size = (min(found.shape[2], wanted.shape[2]), min(found.shape[3], wanted.shape[3]))
    return (
        functional.adaptive_avg_pool2d(found, size),
        functional.adaptive_avg_pool2d(wanted, size),
    )


def _attention(features: Tensor) -> Tensor:
    return functional.normalize(features.square().sum(1).flatten(1), dim=1)
