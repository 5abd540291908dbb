"""What treating each layer alone costs, on real digits."""

from __future__ import annotations

import copy
import functools

import pytest
import torch
from digits import Cnn, context_for, load_digits, trained

from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.progress import Silent
from edge_compress.compress.sensitivity.analyse import analyse
from edge_compress.compress.sensitivity.record import Sensitivity, Treatment
from edge_compress.compress.sensitivity.unfinished import Unfinished

TREATMENTS = (
    Treatment(kind="channels", amount=0.25),
    Treatment(kind="channels", amount=0.75),
    Treatment(kind="bits", amount=8),
    Treatment(kind="bits", amount=2),
)
FIRST, SECOND, LAST = "module.0", "module.3", "module.7"


class Steps(Silent):
    """Counts what is tracked, and can be told to stop."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.done = 0
        self._stop_after = stop_after

    def track(self, items, what, total):
        for item in items:
            if self.done == self._stop_after:
                raise KeyboardInterrupt
            yield item
            self.done += 1


def _analysed(**changes) -> Sensitivity:
    candidate = trained(Cnn)
    progress = changes.pop("progress", Silent())
    context = context_for(
        candidate, validation=load_digits().validation.spread(200), progress=progress
    )
    return analyse(candidate, context, TREATMENTS, recipe="digits", **changes)


@functools.cache
def _once() -> Sensitivity:
    return _analysed()


@pytest.fixture
def found() -> Sensitivity:
    return _once()


def test_every_layer_has_a_row_in_the_order_of_execution(found):
    assert [layer.name for layer in found.layers] == [FIRST, SECOND, LAST]
    assert [layer.kind for layer in found.layers] == ["Conv2d", "Conv2d", "Linear"]
    assert found.frames == 200
    assert found.labelled


def test_the_baseline_is_the_untreated_model(found):
    candidate = trained(Cnn)
    context = context_for(candidate, validation=load_digits().validation.spread(200))
    assert found.baseline == pytest.approx(context.quality(candidate), abs=0.011)
    assert found.baseline > 0.9


def test_rough_treatment_costs_more_than_gentle_treatment(found):
    for layer in found.layers:
        gentle_cut, rough_cut, gentle_bits, rough_bits = (found.drop(layer, i) for i in range(4))
        assert abs(gentle_bits) <= 0.01, "eight bits cost next to nothing"
        assert rough_bits >= gentle_bits - 0.01
        if layer.name != LAST:
            assert rough_cut > gentle_cut
            assert rough_cut > 0.05


def test_the_channels_of_the_last_layer_are_the_answer(found):
    assert found.layers[-1].quality[:2] == (None, None)
    assert None not in found.layers[-1].quality[2:]


def test_shares_are_of_the_whole_model_and_times_are_measured(found):
    candidate = trained(Cnn)
    params, macs = params_and_macs(candidate.module, candidate.input)
    assert found.macs == macs
    assert found.params <= params, "batch norm is folded"
    assert sum(layer.macs for layer in found.layers) == macs
    assert found.milliseconds == pytest.approx(sum(layer.milliseconds for layer in found.layers))
    assert all(layer.milliseconds > 0 for layer in found.layers)


def test_the_candidate_is_left_alone_and_patterns_choose(found):
    before = copy.deepcopy(trained(Cnn).module.state_dict())
    some = _analysed(include=("*",), exclude=("3",))
    assert [layer.name for layer in some.layers] == [FIRST, LAST]
    assert some.layers[0].quality == found.layers[0].quality
    assert all(torch.equal(before[k], v) for k, v in trained(Cnn).module.state_dict().items())
    with pytest.raises(LayerPatternError, match="`exclude`: 'none' fits no layer"):
        _analysed(exclude=("none",))


def test_what_was_interrupted_is_gone_on_with_and_gives_the_same(found, tmp_path):
    path = tmp_path / "unfinished.json"
    stopped = Steps(stop_after=6)  # in the middle of the second layer
    with pytest.raises(KeyboardInterrupt):
        _analysed(progress=stopped, unfinished=Unfinished(path, "the same"))
    rest = Steps()
    again = _analysed(progress=rest, unfinished=Unfinished(path, "the same"))
    assert rest.done == 8, "the first layer is not measured again"
    assert [layer.quality for layer in again.layers] == [layer.quality for layer in found.layers]
    anew = Steps()
    _analysed(progress=anew, unfinished=Unfinished(path, "another model"))
    assert anew.done == 12
    path.write_text(path.read_text()[:40])
    assert Unfinished(path, "another model").get(FIRST) is None, "what is cut short is not used"
