"""MNIST with a 784-500-10 MLP: 60,000 digits to learn from, 10,000 to measure on."""

from __future__ import annotations

from typing import Any

from benchmarks.techniques.experiment import Experiment, Subject

_STILL = {"mirror": False, "shift": 0, "contrast": 0, "brightness": 0}
_SHIFTED = {**_STILL, "shift": 1 / 28}
_INPUT = {"height": 28, "width": 28, "scale": 1 / 255, "fit": "stretch"}


def schedule(epochs: int, learning_rate: float, **others: Any) -> dict[str, Any]:
    """A schedule for digits, which must not be mirrored."""
    return {
        "epochs": epochs,
        "learning_rate": learning_rate,
        "batch_size": 128,
        "augmentation": _STILL,
        **others,
    }


def network(hidden: int, **fed: Any) -> dict[str, Any]:
    """An MLP as a recipe names it."""
    return {
        "source": "edge_compress.compress.networks.mlp:mlp",
        "arguments": {"hidden": hidden},
        "input": {**_INPUT, **fed},
        "head": {"kind": "classifier"},
    }


MLP = Subject(
    name="mnist_mlp",
    title="MNIST, MLP 784-500-10",
    about="Trained by our own `train` from each seed; all 60,000 pictures to learn from (5,000 of "
    "them only to choose by), all 10,000 test pictures to measure on.",
    recipe={
        "task": "classification",
        "model": network(500),
        "data": {"format": "mnist", "folder": "asset:mnist", "validation": 1 / 12},
    },
    start="trained",
)
# Fewer pictures for what learns little; fewer still where they only calibrate or say what matters.
SOME = {"data": {**MLP.recipe["data"], "count": {"learn": 24000}}}
FEW = {"data": {**MLP.recipe["data"], "count": {"learn": 6000}}}
TRAIN = {"kind": "train", "schedule": schedule(8, 1e-3, keep_best=True)}
TUNE = schedule(4, 5e-4)
# Labels alone have nothing more to give after so long; a teacher has (arXiv:2106.05237).
STUDENT = schedule(40, 3e-3)
_CENTRED = {"mean": [0.1307] * 3, "std": [0.3081] * 3}


def _of(name: str, what: str, *passes: dict[str, Any], family: str, **others: Any) -> Experiment:
    return Experiment(MLP, name, what, tuple(passes), family=family, **others)


_BOUND = ("weights_8bit", "weights_4_levels", "weights_binary")


def _grid(name: str, what: str, epochs: int, **settings: Any) -> Experiment:
    """Weights of few bits: as they are rounded, or trained on their grid."""
    tuning = {"when": "always" if epochs else "never", "schedule": schedule(epochs or 1, 5e-4)}
    placed = {
        "kind": "quantize_weights",
        "first_and_last": "same",  # there is nothing in between
        "fine_tune": {**tuning, **settings.pop("fine_tune", {})},
        **settings,
    }
    told = f"{what}, {epochs} epochs on the grid" if epochs else what
    return _of(
        name,
        told,
        placed,
        family="weights of few bits",
        changes=SOME if epochs else FEW,
        first=name in _BOUND,
    )


def _cut(importance: str) -> Experiment:
    """Channels gone at once and nothing learnt afterwards: what the criterion alone is worth."""
    cut = {"kind": "prune", "importance": importance, "keep": 0.5, "steps": 1, "recovery": None}
    told = f"channels: half of the MACs at once, by `{importance}`, nothing learnt after"
    return _of(f"prune_channels_{importance}", told, cut, family="prune", changes=FEW)


def _zeroed(importance: str) -> Experiment:
    cut = {
        "kind": "prune",
        "granularity": "weights",
        "importance": importance,
        "sparsity": 0.8,
        "steps": 1,
        "recovery": None,
    }
    told = f"weights: 80 % zero at once, by `{importance}`, nothing learnt after"
    return _of(f"prune_weights_{importance}", told, cut, family="prune", changes=FEW)


EXPERIMENTS = (
    _of(
        "trained",
        "`train`, 8 epochs: what all others start from",
        TRAIN,
        family="train",
        fresh=True,
        keeps_weights=True,
    ),
    _of(
        "trained_shifted",
        "`train`, 10 epochs of digits moved by up to a pixel: a better teacher",
        {"kind": "train", "schedule": schedule(10, 1e-3, augmentation=_SHIFTED)},
        family="train",
        changes={"model": network(500, pad_value=0)},  # what a shift uncovers is black
        fresh=True,
        keeps_weights=True,
    ),
    # What the bounds are for comes first.
    _of(
        "prune_weights_90",
        "weights: 90 % zero, in 5 steps with recovery",
        {
            "kind": "prune",
            "granularity": "weights",
            "sparsity": 0.9,
            "steps": 5,
            "recovery": schedule(2, 5e-4),
        },
        first=True,
        family="prune",
    ),
    _of(
        "svd_32",
        "SVD of the hidden layer to rank 32, then 4 epochs",
        {"kind": "factorize", "rank": 32, "include": ["*hidden"], "recovery": TUNE},
        first=True,
        family="factorize",
    ),
    _of(
        "int8_static",
        "static INT8",
        {"kind": "quantize", "profiles": ["ort-cpu"]},
        first=True,
        family="quantize",
    ),
    _grid("weights_8bit", "8 bits, one scale a channel", 0),
    _grid("weights_4_levels", "4 levels (2 bits) by k-means", 6, scheme="levels"),
    _grid("weights_binary", "binary, a scale a channel", 8, scheme="binary"),
    _of(
        "student_32_alone",
        "784-32-10 from nothing, labels alone",
        {"kind": "train", "schedule": STUDENT},
        first=True,
        family="distill",
        changes={"model": network(32, **_CENTRED)},
        fresh=True,
    ),
    _of(
        "student_32_distilled",
        "784-32-10, same schedule and pictures, answers of a teacher that saw shifted digits",
        {
            "kind": "distill",
            "from": "teacher",
            "teacher": {**network(500, pad_value=0), "weights": "weights:trained_shifted"},
            "student": network(32, **_CENTRED),
            "temperature": 4.0,
            "consistent": False,
            "schedule": STUDENT,
        },
        family="distill",
        needs="trained_shifted",
        first=True,
    ),
    # The rest.
    _grid("weights_8bit_tensor", "8 bits, one scale a layer", 0, per_channel=False, scale="max"),
    _grid("weights_8bit_affine", "8 bits with a zero point", 0, scheme="affine"),
    _grid("weights_6bit", "6 bits", 0, bits=6),
    _grid("weights_4bit", "4 bits", 0, bits=4),
    _grid("weights_3bit", "3 bits", 0, bits=3),
    _grid("weights_2bit", "2 bits", 0, bits=2),
    _grid("weights_4_levels_untrained", "4 levels by k-means", 0, scheme="levels"),
    _grid("weights_ternary_untrained", "ternary", 0, scheme="ternary"),
    _grid("weights_binary_untrained", "binary", 0, scheme="binary"),
    _grid("weights_ternary", "ternary", 6, scheme="ternary"),
    _grid("weights_2bit_trained", "2 bits, straight through", 6, bits=2),
    _grid(
        "weights_2bit_learned_step",
        "2 bits, learned step",
        6,
        bits=2,
        fine_tune={"method": "learned_step"},
    ),
    _grid("weights_2bit_progressive", "2 bits by way of 8, 6, 4, 3", 2, bits=2, progressive=True),
    _grid("weights_mixed", "3 bits on average, by sensitivity", 0, mixed={"average_bits": 3.0}),
    _of(
        "student_32_shifted",
        "784-32-10 from nothing, labels alone, itself trained on shifted digits",
        {"kind": "train", "schedule": {**STUDENT, "augmentation": _SHIFTED}},
        family="distill",
        changes={"model": network(32, pad_value=0, **_CENTRED)},
        fresh=True,
    ),
    _of(
        "student_32_same_teacher",
        "the same, with the MLP that all others start from as the teacher",
        {
            "kind": "distill",
            "from": "teacher",
            "student": network(32, **_CENTRED),
            "temperature": 4.0,
            "consistent": False,
            "schedule": STUDENT,
        },
        family="distill",
    ),
    _of(
        "train_l1",
        "sparse training: L1 on the weights, those below 0.01 zeroed each epoch",
        {
            "kind": "train",
            "schedule": TUNE,
            "sparsity": {"weights": 3e-5, "threshold": 0.01},
        },
        changes=SOME,
        family="train",
    ),
    _of(
        "train_group_lasso",
        "sparse training: group lasso on channels; then half of the MACs cut by `l2` at once",
        {"kind": "train", "schedule": TUNE, "sparsity": {"channels": 3e-5}},
        {
            "kind": "prune",
            "importance": "l2",
            "keep": 0.5,
            "steps": 1,
            "recovery": None,
        },
        changes=SOME,
        family="train",
    ),
    _of(
        "prune_2_4",
        "2:4, with recovery",
        {"kind": "prune", "granularity": "2:4", "steps": 2, "recovery": schedule(2, 5e-4)},
        changes=SOME,
        family="prune",
    ),
    _of(
        "prune_channels_25",
        "channels: a quarter of the MACs stays, in 3 steps with recovery",
        {"kind": "prune", "keep": 0.25, "steps": 3, "recovery": schedule(2, 1e-3)},
        changes=SOME,
        family="prune",
    ),
    *(
        _cut(importance)
        for importance in ("taylor", "l1", "l2", "activation", "apoz", "sensitivity", "random")
    ),
    *(_zeroed(importance) for importance in ("l1", "taylor", "activation", "random")),
    _of(
        "svd_32_untrained",
        "SVD of the hidden layer to rank 32, nothing learnt after",
        {"kind": "factorize", "rank": 32, "include": ["*hidden"]},
        changes=FEW,
        family="factorize",
    ),
    _of(
        "svd_32_weights",
        "the same by the weights alone, not by what excites them",
        {"kind": "factorize", "rank": 32, "include": ["*hidden"], "by_activations": False},
        changes=FEW,
        family="factorize",
    ),
    _of(
        "int8_dynamic", "dynamic INT8", {"kind": "quantize_dynamic"}, family="quantize", changes=FEW
    ),
    _of(
        "half_precision",
        "FP16 graph",
        {"kind": "half_precision", "profiles": ["ort-cpu"]},
        changes=FEW,
        family="quantize",
    ),
    _of("half_weights", "FP16 storage", {"kind": "half_weights"}, family="quantize", changes=FEW),
)
