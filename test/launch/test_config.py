"""The files in config/ fit the nodes."""

import re
from itertools import chain
from pathlib import Path

import pytest
import yaml

from edge_compress.nodes.camera_parameters import CAMERA_PARAMETERS
from edge_compress.nodes.compressor_parameters import COMPRESSOR_PARAMETERS
from edge_compress.nodes.detector_parameters import DETECTOR_PARAMETERS
from edge_compress.nodes.evaluator_parameters import EVALUATOR_PARAMETERS
from edge_compress.nodes.sim_camera_parameters import SIM_CAMERA_PARAMETERS
from edge_compress.nodes.status_image_parameters import STATUS_IMAGE_PARAMETERS

CONFIG = Path(__file__).resolve().parents[2] / "config"


WHOLE = {"detector.yaml": DETECTOR_PARAMETERS, "evaluator.yaml": EVALUATOR_PARAMETERS}


@pytest.mark.parametrize("file", WHOLE)
def test_it_holds_every_parameter_at_its_default(file):
    given = yaml.safe_load((CONFIG / file).read_text())["/**"]["ros__parameters"]
    declared = {parameter.name: parameter.default for parameter in WHOLE[file]}
    assert given == declared
    assert {name: type(value) for name, value in given.items()} == {
        name: type(value) for name, value in declared.items()
    }


@pytest.mark.parametrize("file", WHOLE)
def test_it_explains_every_parameter(file):
    lines = (CONFIG / file).read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r" {4}[\w.]+:", line):
            assert lines[number - 1].startswith("    # "), line


def test_every_default_is_allowed_and_every_parameter_described():
    tables = (
        CAMERA_PARAMETERS,
        COMPRESSOR_PARAMETERS,
        DETECTOR_PARAMETERS,
        EVALUATOR_PARAMETERS,
        SIM_CAMERA_PARAMETERS,
        STATUS_IMAGE_PARAMETERS,
    )
    for parameter in chain.from_iterable(tables):
        assert parameter.problem(parameter.default) == ""
        assert parameter.description.endswith(".")
