"""All experiments, in the order in which they are run."""

from __future__ import annotations

from benchmarks.techniques import digits, footage, pictures

EXPERIMENTS = (
    *digits.EXPERIMENTS,
    *pictures.RESNET_EXPERIMENTS,
    *pictures.MOBILENET_EXPERIMENTS,
    *footage.EXPERIMENTS,
)
SUBJECTS = tuple(dict.fromkeys(experiment.subject for experiment in EXPERIMENTS))
