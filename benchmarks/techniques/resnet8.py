"""CIFAR-10 with a ResNet-8 that comes trained."""

from __future__ import annotations

from typing import Any

from benchmarks.techniques.cifar10 import DATA, FEW, INT8, ONE, schedule
from benchmarks.techniques.experiment import ANYTHING, SEEDS, Experiment, Subject

RESNET8 = Subject(
    name="cifar10_resnet8",
    title="CIFAR-10, ResNet-8",
    about="The weights of Silicon Labs (MLPerf Tiny); 50,000 pictures to learn from (2,000 of them "
    "only to choose by), all 10,000 test pictures to measure on. Seeds differ in what is learnt "
    "after a cut.",
    recipe={
        "task": "classification",
        "model": {
            "source": "edge_compress.compress.networks.resnet8:resnet8",
            "weights": "asset:resnet8_cifar10.h5",
            "input": {
                "height": 32,
                "width": 32,
                "scale": 1 / 127.5,
                "mean": [1, 1, 1],
                "fit": "stretch",
            },
            "head": {"kind": "classifier"},
        },
        "data": DATA,
    },
)


def _resnet(
    name: str, what: str, *passes: dict[str, Any], family: str, **others: Any
) -> Experiment:
    return Experiment(RESNET8, name, what, tuple(passes), family=family, **others)


# Channels in steps of 4 come nearer to half of the MACs; steps of 8 or 16 are faster.
_FINE = {"target": {**ANYTHING, "channel_step": 4}}
_PLAIN = {**INT8, "float_below_db": None, "correct_bias": False}
HALF = (
    {"kind": "prune", "keep": 0.5, "steps": 2, "recovery": schedule(1, 1e-3)},
    {"kind": "distill", "schedule": schedule(4, 2e-3)},
)


def _cut(importance: str) -> Experiment:
    """Channels gone at once and nothing learnt afterwards: what the criterion alone is worth."""
    cut = {"kind": "prune", "importance": importance, "keep": 0.8, "steps": 1, "recovery": None}
    return _resnet(
        f"prune_channels_{importance}",
        f"channels: a fifth of the MACs gone at once, by `{importance}`, nothing learnt after",
        cut,
        family="prune",
        changes={**FEW, **_FINE},
        seeds=SEEDS if importance == "random" else ONE,
    )


def _after(name: str, what: str, *passes: dict[str, Any], family: str) -> Experiment:
    """Without training."""
    return _resnet(name, what, *passes, family=family, changes=FEW, seeds=ONE)


def _grid(name: str, what: str, epochs: int = 0, **settings: Any) -> Experiment:
    tuning = {"when": "always" if epochs else "never", "schedule": schedule(epochs or 1, 1e-3)}
    placed = {"kind": "quantize_weights", "fine_tune": tuning, **settings}
    told = f"{what}, {epochs} epochs on the grid" if epochs else what
    return _resnet(
        name,
        told,
        placed,
        family="weights of few bits",
        changes={} if epochs else FEW,
        seeds=ONE,
    )


def _factorized(convolutions: str) -> Experiment:
    return _after(
        f"factorize_{convolutions}",
        f"convolutions by `{convolutions}`, 0.6 of the parameters, nothing learnt after",
        {
            "kind": "factorize",
            "convolutions": convolutions,
            "by": "parameters",
            "share": 0.6,
            "keep": "smaller",
        },
        family="factorize",
    )


EXPERIMENTS = (
    _resnet(
        "prune_half",
        "channels: half of the MACs in 2 steps, 6 epochs of learning from original and labels",
        *HALF,
        family="prune",
        changes=_FINE,
        first=True,
    ),
    _resnet(
        "prune_half_labels",
        "the same half of the MACs, the last 4 epochs from the labels alone",
        HALF[0],
        {**HALF[1], "from": "labels"},
        family="prune",
        changes=_FINE,
        goes_on_from="prune_half",
    ),
    _resnet("int8_static", "static INT8", INT8, family="quantize", first=True, seeds=ONE),
    _resnet(
        "combination",
        "the same half of the MACs, then static INT8",
        *HALF,
        INT8,
        family="combination",
        changes=_FINE,
        goes_on_from="prune_half",
    ),
    _resnet(
        "nncf_int8",
        "NNCF post-training INT8, defaults",
        family="other tools",
        rival="nncf",
        seeds=ONE,
    ),
    _resnet(
        "onnxruntime_int8",
        "ONNX Runtime `quantize_static`, defaults",
        family="other tools",
        rival="onnxruntime",
        seeds=ONE,
    ),
    _resnet(
        "torch_pruning_half",
        "torch-pruning alone: global magnitude, half of the MACs, 6 epochs with the labels",
        family="other tools",
        rival="torch_pruning",
        settings={"keep": 0.5, "schedule": schedule(6, 2e-3)},
        seeds=ONE,
    ),
    *(
        _after(f"int8_{method}", f"static INT8, `{method}`", {**INT8, "method": method}, family=f)
        for f in ("quantize",)
        for method in ("minmax", "percentile", "entropy", "mse")
    ),
    _after("int8_plain", "static INT8, no search, no bias correction", _PLAIN, family="quantize"),
    _after(
        "int8_tensor",
        "the same with one scale a layer",
        {**_PLAIN, "per_channel": False},
        family="quantize",
    ),
    _after(
        "int8_equalized",
        "`equalize`, then the same with one scale a layer",
        {"kind": "equalize"},
        {**_PLAIN, "per_channel": False},
        family="quantize",
    ),
    _after(
        "half_precision",
        "FP16 graph",
        {"kind": "half_precision", "profiles": ["ort-cpu"]},
        family="quantize",
    ),
    _after("half_weights", "FP16 storage", {"kind": "half_weights"}, family="quantize"),
    _grid("weights_8bit", "8 bits"),
    _grid("weights_4bit", "4 bits", bits=4),
    _grid("weights_mixed", "4 bits on average, by sensitivity", mixed={"average_bits": 4.0}),
    _grid("weights_ternary_untrained", "ternary", scheme="ternary"),
    *(
        _cut(importance)
        for importance in (
            "taylor",
            "l1",
            "l2",
            "activation",
            "apoz",
            "batch_norm",
            "sensitivity",
            "random",
        )
    ),
    _resnet(
        "int8_trained",
        "static INT8 after an epoch of training for it",
        {**INT8, "fine_tune": {"when": "always", "schedule": schedule(1, 3e-4)}},
        family="quantize",
        seeds=ONE,
    ),
    *(_factorized(convolutions) for convolutions in ("channel", "spatial", "tucker")),
    _grid("weights_ternary", "ternary", 2, scheme="ternary"),
)
