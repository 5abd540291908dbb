"""All experiments, in the order in which they are run."""

from __future__ import annotations

from benchmarks.techniques import digits, footage, mobilenet, resnet8

EXPERIMENTS = (
    *digits.EXPERIMENTS,
    *resnet8.EXPERIMENTS,
    *mobilenet.EXPERIMENTS,
    *footage.EXPERIMENTS,
)
SUBJECTS = tuple(dict.fromkeys(experiment.subject for experiment in EXPERIMENTS))
