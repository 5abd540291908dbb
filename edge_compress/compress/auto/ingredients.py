"""Which passes are worth searching for a model, in which ranges, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from edge_compress.compress.auto.findings import Findings
from edge_compress.compress.auto.request import Request
from edge_compress.compress.auto.times import STEPS, Times

MENDED = 0.25  # quality that training may win back at a smaller input
WASTE = 0.05  # share of the input that is padding, from which on another shape always wins
WIDE = 0.5  # share of the work in wide convolutions, from which on low rank is tried
LINEAR = 0.5  # share of the weights, from which on dynamic INT8 is tried
FASTER = 0.95
NEEDED = 0.7  # a limit below this share of the original is not met without cutting
FAR = 0.25
MANY_FRAMES, LARGE_BATCH = 5000, 128
TRAINED = ("replace_activation", "factorize", "prune", "distill")
NOT_TRAINABLE = (
    "the head gives final detections, through which nothing can be learnt: export the model "
    "without NMS"
)
RATE = {"low": 3e-4, "high": 2e-3, "log": True}


@dataclass(frozen=True)
class Ingredient:
    """A pass that was thought of.

    Attributes:
        kind: of the pass.
        entry: in the recipe's `passes`, with what is searched; None where it is left out.
        why: it is there or left out, in one sentence.
    """

    kind: str
    entry: dict[str, Any] | None
    why: str


def ingredients(findings: Findings, request: Request, times: Times) -> list[Ingredient]:
    """All passes that were thought of, in the order of the recipe."""
    found = [
        _fold_focus(findings),
        _resize(findings, request),
        _activation(findings, times),
        _factorize(findings, times),
        _prune(findings, request, times),
        Ingredient(
            "distill",
            {"kind": "distill", "schedule": _schedule(findings, times.last, _search(RATE))},
            "the model learns from the original what all this has cost, "
            + ("and from the labels" if findings.labelled else "without labels"),
        ),
        _storage(request),
        *_int8(findings),
    ]
    if findings.trainable:
        return found
    return [
        replace(one, entry=None, why=NOT_TRAINABLE) if one.kind in TRAINED else one for one in found
    ]


def _fold_focus(findings: Findings) -> Ingredient:
    if not findings.focus:
        return Ingredient("fold_focus", None, "the model does not begin with a Focus stem")
    return Ingredient(
        "fold_focus", {"kind": "fold_focus"}, "the model begins with a Focus stem: exact and faster"
    )


def _resize(findings: Findings, request: Request) -> Ingredient:
    kind = "resize_input"
    if findings.bound:
        return Ingredient(kind, None, findings.bound)
    least = 1 - request.max_drop - MENDED
    good = [size for size in findings.sizes if size.agreement >= least]
    if not good:
        best = max(size.agreement for size in findings.sizes)
        why = f"at any smaller input agreement falls to {best:.2f} or less"
        return Ingredient(kind, None, why)
    low, high = min(size.width for size in good), max(size.width for size in good)
    step = findings.multiple
    entry: dict[str, Any] = {"kind": kind, "multiple": step, "width": high}
    if low < high:
        entry["width"] = _search({"low": low, "high": high, "step": step})
    smallest = min(good, key=lambda size: size.width)
    told = (
        f"at {smallest.width}x{smallest.height} the untrained model still agrees to "
        f"{smallest.agreement:.2f} with itself at {findings.width}x{findings.height}"
    )
    if findings.padding > WASTE:
        return Ingredient(
            kind, entry, f"{findings.padding:.0%} of the input is padding for this camera; {told}"
        )
    return Ingredient(kind, {**entry, "optional": True}, told)


def _activation(findings: Findings, times: Times) -> Ingredient:
    kind = "replace_activation"
    if not findings.costly:
        return Ingredient(kind, None, "its activation functions are cheap")
    recovery = _schedule(findings, times.recovery)
    entry = {"kind": kind, "optional": True, "to": "relu", "recovery": recovery}
    why = f"{findings.costly} activation functions such as SiLU; runtimes fuse ReLU into the layer"
    return Ingredient(kind, entry, why)


def _factorize(findings: Findings, times: Times) -> Ingredient:
    kind = "factorize"
    told = f"{findings.wide:.0%} of the work is in wide convolutions that low rank may thin"
    if findings.wide < WIDE:
        return Ingredient(kind, None, told)
    entry = {
        "kind": kind,
        "optional": True,
        "share": _search({"low": 0.7, "high": 0.98}),
        "recovery": _schedule(findings, times.recovery),
    }
    return Ingredient(kind, entry, told)


def _prune(findings: Findings, request: Request, times: Times) -> Ingredient:
    kind = "prune"
    if findings.uncuttable:
        return Ingredient(kind, None, findings.uncuttable)
    latency = (request.latency_ms or findings.original_ms) / findings.original_ms
    least = min(latency, findings.params_for(request.size_mb))
    both = request.latency_ms is not None and request.size_mb is not None
    by_size = request.size_mb is not None and not both
    entry: dict[str, Any] = {
        "kind": kind,
        "measure": _search(["macs", "params"]) if both else ("params" if by_size else "macs"),
        "keep": _search({"low": 0.1 if least < FAR else 0.2, "high": 0.9}),
        "steps": STEPS,
        "recovery": _schedule(findings, times.recovery, _search(RATE)),
    }
    why = "channels that matter least can be cut"
    if least < NEEDED:
        why += f", which a limit of {least:.2f} of the original will need"
    else:
        entry["optional"] = True
    if findings.sensitive and findings.wide < WIDE:  # low rank gives layers other names
        entry["exclude"] = _search([[], list(findings.sensitive)])
        why += f"; {', '.join(findings.sensitive)} lose far more than others, and may be spared"
    return Ingredient(kind, entry, why)


def _storage(request: Request) -> Ingredient:
    if "size" not in request.objectives:
        return Ingredient("half_weights", {"kind": "half_weights"}, "halves the file for nothing")
    eight = {"kind": "quantize_weights", "bits": 8, "fine_tune": {"when": "never"}}
    return Ingredient(
        "half_weights or quantize_weights",
        _search([{"kind": "half_weights"}, eight]),
        "weights stored in 16 bits cost nothing, in 8 bits next to nothing",
    )


def _int8(findings: Findings) -> Iterator[Ingredient]:
    if findings.int8 is None:
        yield Ingredient("quantize", None, f"INT8: {findings.int8_why}")
    else:
        told = f"INT8 was measured at {findings.int8:.2f} times the latency of this model"
        entry = {"kind": "quantize", "profiles": ["ort-cpu"], "optional": True}
        yield Ingredient("quantize", entry if findings.int8 < FASTER else None, told)
    told = f"{findings.linear:.0%} of the weights are in linear layers"
    taken = findings.linear >= LINEAR and not findings.predicted
    dynamic = {"kind": "quantize_dynamic", "optional": True}
    yield Ingredient("quantize_dynamic", dynamic if taken else None, told)


def _schedule(findings: Findings, epochs: int, rate: Any = None) -> dict[str, Any]:
    """A training; small pictures come in large batches, or most of the time is overhead."""
    schedule: dict[str, Any] = {"epochs": epochs}
    if rate is not None:
        schedule["learning_rate"] = rate
    if findings.task == "classification" and findings.frames >= MANY_FRAMES:
        schedule["batch_size"] = LARGE_BATCH
    return schedule


def _search(what: Any) -> dict[str, Any]:
    return {"search": what}
