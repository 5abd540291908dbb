"""What mends a model that 8 bits break: bias correction, mixed precision, fine-tuning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from badly_scaled import badly_scaled
from digits import STILL, Cnn, Mlp, accuracy, context_for, load_digits, trained
from torch import nn

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.constraints import KeepZeros, constrain, constraint_of, held
from edge_compress.compress.export import export_fp32
from edge_compress.compress.onnx_module import OnnxModule
from edge_compress.compress.pass_base import PassFailed
from edge_compress.compress.passes.quantize import Quantize
from edge_compress.compress.progress import Silent
from edge_compress.compress.quantization.bias_correction import layer_shifts
from edge_compress.compress.quantization.fake_quantize import RoundedWeights, fake_quantized
from edge_compress.compress.quantization.fine_tune import FineTune
from edge_compress.compress.quantization.parity import measure_parity
from edge_compress.compress.target import Budget, Target
from edge_compress.compress.training.schedule import Schedule
from edge_compress.vision.preprocess import preprocess

# One scale for a whole tensor, and no layer spared: what badly scaled channels do not survive.
COARSE = Quantize(
    profiles=("ort-cpu",),
    method="minmax",
    per_channel=False,
    float_below_db=None,
    float_predictions=False,
    correct_bias=False,
    min_sqnr_db=-100,
)
SHORT = Schedule(epochs=4, learning_rate=1e-3, batch_size=64, augmentation=STILL)


class Told(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def int8_file(plan: Quantize, candidate: Candidate, folder: Path) -> Path:
    fp32 = folder / "model.fp32.onnx"
    export_fp32(candidate, fp32)
    return plan.export(fp32, folder, candidate, load_digits().learn, Silent())["ort-cpu"]


def int8_accuracy(plan: Quantize, candidate: Candidate, folder: Path) -> float:
    return accuracy(candidate.with_module(OnnxModule(int8_file(plan, candidate, folder))))


def planned(quantize: Quantize, candidate: Candidate, **changes: object) -> Candidate:
    return quantize.run(candidate, context_for(trained(Cnn), **changes))


def test_corrected_biases_bring_the_outputs_nearer(tmp_path: Path) -> None:
    candidate = badly_scaled(trained(Cnn), decades=2)
    inputs = [preprocess(frame, candidate.input)[0] for frame in load_digits().held_out[:50]]
    fp32 = tmp_path / "model.fp32.onnx"
    plain = int8_file(COARSE, candidate, tmp_path).read_bytes()
    mended = int8_file(COARSE.model_copy(update={"correct_bias": True}), candidate, tmp_path)
    before = measure_parity(fp32, plain, inputs).as_run
    after = measure_parity(fp32, mended, inputs).as_run
    assert after > before + 1.5
    assert accuracy(candidate.with_module(OnnxModule(mended))) > 0.92


def test_correction_leaves_no_shift_of_the_mean(tmp_path: Path) -> None:
    candidate = badly_scaled(trained(Cnn), decades=2)
    fp32 = tmp_path / "model.fp32.onnx"
    export_fp32(candidate, fp32)
    learn = load_digits().learn[:40]
    graph = COARSE.graphs(fp32, candidate, learn, Silent())["ort-cpu"]
    inputs = [preprocess(frame, candidate.input)[0] for frame in learn]
    shifts = layer_shifts(graph.model, graph.quantized(set()), inputs)
    assert [len(shift) for shift in shifts.values()] == [16, 32, 10]
    # By hand, for the first layer: the mean over frames and places of what the rounding moves.
    conv = candidate.module.module[0]
    weight = conv.weight.detach()
    step = weight.abs().max() / 127
    rounding = weight - (weight / step).round() * step
    frames = torch.from_numpy(np.concatenate(inputs))
    moved = nn.functional.conv2d(frames, rounding, stride=2, padding=1).mean((0, 2, 3)).numpy()
    assert np.allclose(next(iter(shifts.values())), moved, atol=0.03 * np.abs(moved).max())


def test_a_correction_that_does_not_help_is_not_kept(tmp_path: Path) -> None:
    candidate = trained(Mlp)
    exact = Quantize(profiles=("ort-cpu",), method="minmax", float_below_db=None)
    fp32 = tmp_path / "model.fp32.onnx"
    inputs = [preprocess(frame, candidate.input)[0] for frame in load_digits().learn[::500]]
    figures = []
    for correct in (True, False):
        plan = exact.model_copy(update={"correct_bias": correct})
        figures.append(measure_parity(fp32, int8_file(plan, candidate, tmp_path), inputs).as_run)
    assert figures[0] >= figures[1] - 0.01


def test_as_few_layers_as_the_budget_needs_stay_float(tmp_path: Path) -> None:
    candidate = badly_scaled(trained(Cnn), decades=2.5)
    by_budget = COARSE.model_copy(update={"mixed": "budget"})
    target = Target(budget=Budget(max_drop=0.02))
    told = Told()
    result = planned(by_budget, candidate, target=target, progress=told)
    plan = result.quantization
    assert isinstance(plan, Quantize)
    assert len(plan.float_nodes) == 1  # of three
    assert int8_accuracy(COARSE, candidate, tmp_path) < 0.9
    assert int8_accuracy(plan, candidate, tmp_path) > accuracy(candidate) - 0.03
    assert not any("replaces" in note for note in told.notes)
    kinds = [node.op_type for node in onnx.load(tmp_path / "model.ort-cpu.int8.onnx").graph.node]
    assert kinds.count("DequantizeLinear") > 0
    assert any("layers in float" in note for note in told.notes)


def test_a_budget_that_nothing_meets_fails_the_pass() -> None:
    candidate = badly_scaled(trained(Cnn), decades=5)
    by_budget = COARSE.model_copy(update={"mixed": "budget"})
    with pytest.raises(PassFailed, match="even with all layers but one in float"):
        planned(by_budget, candidate, target=Target(budget=Budget(max_drop=0.0)))


def test_a_good_int8_file_is_not_trained() -> None:
    candidate, told = trained(Cnn), Told()
    tuning = Quantize(
        profiles=("ort-cpu",),
        float_below_db=None,
        fine_tune=FineTune(when="below_budget", schedule=SHORT),
    )
    result = planned(tuning, candidate, progress=told)
    assert result.module is candidate.module
    assert not any("fine-tun" in note for note in told.notes)


@pytest.mark.slow
@pytest.mark.parametrize("labels", [True, False])
def test_fine_tuning_mends_a_model_that_eight_bits_break(labels: bool, tmp_path: Path) -> None:
    candidate, told = badly_scaled(trained(Cnn), decades=3), Told()
    tuning = COARSE.model_copy(update={"fine_tune": FineTune(when="below_budget", schedule=SHORT)})
    result = tuning.run(candidate, context_for(trained(Cnn), labels=labels, progress=told))
    assert int8_accuracy(COARSE, candidate, tmp_path) < 0.5
    assert int8_accuracy(COARSE, result, tmp_path) > 0.85
    assert any(note.startswith("fine-tuned: INT8 quality") for note in told.notes)
    assert accuracy(candidate) == accuracy(trained(Cnn))  # the one that came in is as it was


def test_training_that_does_not_help_is_not_kept() -> None:
    candidate = trained(Cnn)
    ruinous = Schedule(epochs=1, learning_rate=0.5, batch_size=500, augmentation=STILL)
    tuning = Quantize(
        profiles=("ort-cpu",),
        float_below_db=None,
        fine_tune=FineTune(when="always", schedule=ruinous),
    )
    assert planned(tuning, candidate).module is candidate.module


def test_fake_quantized_layers_compute_on_the_grid_and_leave_no_trace() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    constrain(module[0], KeepZeros())
    module[0].weight.data[0] = 0
    images = torch.rand(4, 3, 28, 28)
    exact = module(images)
    keys = list(module.state_dict())
    with fake_quantized([module[0], module[3]]), held(module):
        rounded = module(images)
        rounded.sum().backward()
        assert all(bool(p.grad.abs().sum() > 0) for p in module.parameters())
    assert sorted(module.state_dict()) == sorted(keys)
    assert (
        0 < float((exact - rounded).detach().abs().max()) < 0.05 * float(exact.detach().abs().max())
    )
    for layer in (module[0], module[3]):
        weight = layer.weight.detach().flatten(1)
        assert max(len(row.unique()) for row in weight) <= 255
        assert constraint_of(layer, RoundedWeights) is None
        assert not layer._forward_pre_hooks
    assert not module[0].weight[0].any()
    assert constraint_of(module[0], KeepZeros) is not None
