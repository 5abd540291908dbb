"""The directions of a weight matrix's answers that matter most."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# How much of the plain weights is mixed into measured responses: directions that no frame excited
# are then ordered by the weights, and none is lost at full rank.
PRIOR = 1e-3


class Basis(NamedTuple):
    """Orthonormal directions of answers, those with most energy first.

    Attributes:
        directions: [rows of the matrix, k], float64, k the full rank.
        sigma: [k], descending: singular values of the weights or of the responses.
    """

    directions: Tensor
    sigma: Tensor


def principal(matrix: Tensor, responses: Tensor | None = None) -> Basis:
    """Directions U such that U_r U_rᵀ A is the best A of rank r.

    Without responses "best" is by the weights themselves: A = UΣVᵀ (Eckart and Young, 1936). With
    the responses' covariance C = A E[x xᵀ] Aᵀ it is by the error of the answers, ‖(A - A')X‖:
    then U are the eigenvectors of C. That is the solution of Zhang et al., arXiv:1505.06798, the
    same as whitening by the inputs' covariance (SVD-LLM, arXiv:2403.07378), uninverted.

    Args:
        matrix: A, [n, m].
        responses: C, [n, n].
    """
    matrix = matrix.detach().double()
    full = min(matrix.shape)
    plain = matrix @ matrix.T
    if responses is None or not float(responses.trace()) > 0:
        directions, sigma, _ = torch.linalg.svd(matrix, full_matrices=False)
        return Basis(directions, sigma)
    scale = PRIOR * responses.trace() / plain.trace().clamp_min(torch.finfo(plain.dtype).tiny)
    energy, directions = torch.linalg.eigh(responses + scale * plain)
    order = torch.arange(len(energy) - 1, -1, -1)[:full]
    return Basis(directions[:, order], energy[order].clamp_min(0).sqrt())


def balanced(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Share the scale of each direction between both factors, so that both train and quantize well.

    Args:
        first: [r, m].
        second: [n, r]; second @ first stays the same.
    """
    norms = first.norm(dim=1) / second.norm(dim=0).clamp_min(torch.finfo(first.dtype).tiny)
    scale = torch.where(norms > 0, norms, torch.ones_like(norms)).sqrt()
    return first / scale[:, None], second * scale
