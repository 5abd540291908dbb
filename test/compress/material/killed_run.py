"""Run two passes of the heavy detector; with KILL=1 the second one kills this process."""

import sys
from pathlib import Path

import tiny_detector
import torch

from edge_compress.compress import pipeline
from edge_compress.compress.recipe import load_recipe

torch.set_num_threads(1)
recipe = load_recipe(Path(sys.argv[1]))
passes = (tiny_detector.DropBallast(), tiny_detector.DropBallast(kill=True))
pipeline.run(recipe.model_copy(update={"passes": passes}), Path(sys.argv[2]))
