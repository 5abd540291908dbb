"""A student learns what its teacher knows, from outputs and from inner layers."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import digits
import pytest
import torch
from digits import (
    INPUT,
    LABELS,
    STILL,
    Cnn,
    Mlp,
    accuracy,
    candidate_of,
    context_for,
    load_digits,
    trained,
)
from torch import nn

from edge_compress.bundle.schema import NmsInGraphHead, YoloxHead
from edge_compress.compress.candidate import Candidate
from edge_compress.compress.distillation.error import DistillationError
from edge_compress.compress.distillation.features import captured
from edge_compress.compress.distillation.layer_pairs import LayerPair
from edge_compress.compress.distillation.losses import attention_loss, hint_loss
from edge_compress.compress.distillation.other_model import OtherModel
from edge_compress.compress.footage import Frames
from edge_compress.compress.layer_names import LayerPatternError
from edge_compress.compress.models.tuple_output import TupleOutput
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.passes import Distill
from edge_compress.compress.progress import Silent
from edge_compress.compress.training.objective import StudentLoss
from edge_compress.compress.training.schedule import Schedule
from edge_compress.compress.training.teacher import Teacher
from edge_compress.compress.training.trainer import lessons_for
from edge_compress.vision.preprocess import preprocess

SHORT = Schedule(epochs=3, learning_rate=1e-2, batch_size=64, augmentation=STILL)
STEPS = Schedule(epochs=3, learning_rate=1e-3, batch_size=2)
SHIFTED = STILL.model_copy(update={"shift": 1 / 28})


def _untrained(kind: type[nn.Module], *sizes: int) -> Candidate:
    torch.manual_seed(1)
    return candidate_of(kind(*sizes))


def _few(teacher: Candidate, *, labels: bool = False, count: int = 1200) -> Context:
    """A context on some of the digits, by default without their labels."""
    learn = load_digits().learn[:count]
    if not labels:
        learn = Frames.of(list(learn), "digits")
    return replace(context_for(teacher), learn=learn, teacher=Teacher(teacher, learn, Silent()))


def _layer(name: str, teacher: str | None = None, weight: float = 1.0) -> LayerPair:
    return LayerPair(teacher=teacher or name, student=name, weight=weight)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 6.0},
        {"soft_targets": "cross_entropy"},
        {"consistent": False},
        {"consistent": True, "schedule": SHORT.model_copy(update={"augmentation": SHIFTED})},
    ],
    ids=str,
)
def test_a_student_learns_digits_that_nobody_labelled(options):
    """Without labels, all that it gets to know about digits is what the teacher says of them."""
    teacher, student = trained(Cnn), _untrained(Mlp, 32)
    before = accuracy(student)
    learnt = Distill(**{"schedule": SHORT, **options}).run(student, _few(teacher, count=2000))
    assert before < 0.3
    assert accuracy(learnt) > 0.82
    assert accuracy(student) == before, "the pass works on a copy"


class _Counting(nn.Module):
    """Counts the frames that it is asked about."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.frames = 0

    def forward(self, images):
        self.frames += len(images)
        return self.module(images)


@pytest.mark.parametrize(
    ("options", "times"),
    [
        ({}, 1),
        ({"consistent": True}, 3),
        ({"schedule": SHORT.model_copy(update={"augmentation": SHIFTED})}, 3),
        ({"consistent": False, "schedule": SHORT.model_copy(update={"augmentation": SHIFTED})}, 1),
        ({"learn_from": "labels"}, 0),
    ],
    ids=str,
)
def test_the_teacher_is_asked_once_about_a_frame_that_never_changes(options, times):
    counting = _Counting(_untrained(Mlp).module)
    context = _few(_untrained(Mlp).with_module(counting), labels=True, count=100)
    Distill(**{"schedule": SHORT, **options}).run(_untrained(Mlp), context)
    assert counting.frames == times * 100


def test_labels_alone_teachers_alone_and_both():
    """A teacher that is always wrong shows who was listened to."""
    wrong = trained(Cnn).with_module(TupleOutput(_Shifted(trained(Cnn).module)))
    student, context = _untrained(Mlp, 32), _few(wrong, labels=True, count=2000)
    right = {
        source: accuracy(
            Distill(learn_from=source, schedule=SHORT, alpha=0.9).run(student, context)
        )
        for source in ("labels", "teacher", "both")
    }
    assert right["labels"] > 0.82
    assert right["teacher"] < 0.1
    assert right["both"] > 0.75


class _Shifted(nn.Module):
    """Takes each digit for the next one."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, images):
        return self.module(images)[0].roll(1, dims=1)


@pytest.mark.slow
def test_another_teacher_of_another_kind_and_input_size(tmp_path):
    """A perceptron on 14 x 14 pixels learns from a convolutional network on 28 x 28, in grey."""
    torch.save(trained(Cnn).module.module.state_dict(), tmp_path / "cnn.pth")
    student = candidate_of(_Coarse())
    small = INPUT.model_copy(update={"height": 14, "width": 14, "mean": (0.5,) * 3})
    student = replace(student, input=small)
    knows_nothing = _few(student, count=2000)
    for consistent in (None, True):
        options = {"consistent": consistent, "schedule": SHORT}
        teacher = OtherModel(source="digits:Cnn", weights=tmp_path / "cnn.pth", input=INPUT)
        learnt = Distill(teacher=teacher, **options).run(student, knows_nothing)
        assert accuracy(learnt) > 0.75
    assert accuracy(Distill(schedule=SHORT).run(student, knows_nothing)) < 0.3


class _Coarse(nn.Sequential):
    def __init__(self) -> None:
        torch.manual_seed(2)
        super().__init__(nn.Flatten(), nn.Linear(196, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, images):
        return super().forward(images[:, 0])


def test_another_student_takes_the_models_place():
    teacher = trained(Cnn)
    pass_ = Distill(
        student=OtherModel(source="digits:Mlp", arguments={"hidden": 24}), schedule=SHORT
    )
    context = _few(teacher)
    pass_.check(teacher, context)
    learnt, again = pass_.run(teacher, context), pass_.run(teacher, context)
    widths = [m.out_features for m in learnt.module.modules() if isinstance(m, nn.Linear)]
    assert widths == [24, 10]
    assert (learnt.labels, learnt.head, learnt.task) == (LABELS, teacher.head, teacher.task)
    assert accuracy(learnt) > 0.75
    state = again.module.state_dict()
    assert all(torch.equal(v, state[k]) for k, v in learnt.module.state_dict().items())
    assert (pass_.aim, Distill().aim) == ("speed", "accuracy")
    assert pass_.replaces_layers
    assert not Distill().replaces_layers


def _distance(loss, teacher: Candidate, student: Candidate, name: str) -> float:
    return float(loss(_features(student, name), _features(teacher, name)))


@pytest.mark.slow
def test_resnet_50_teaches_resnet_18_by_layers_of_other_widths():
    """Stages are paired by one pattern; each pair gets an adapter."""
    model = candidate_of(Cnn())
    stages = LayerPair(teacher="layer[34]", student="layer[34]")
    pass_ = Distill(
        teacher=OtherModel(source="torchvision.models:resnet50", arguments={"num_classes": 10}),
        student=OtherModel(source="torchvision.models:resnet18", arguments={"num_classes": 10}),
        hints=(stages,),
        attention=(stages,),
        schedule=SHORT.model_copy(update={"epochs": 1, "batch_size": 16}),
    )
    context = _few(model, count=32)
    pass_.check(model, context)
    student = pass_.run(model, context)
    assert type(student.module.module).__name__ == "ResNet"
    blocks = [m for m in student.module.modules() if type(m).__name__ == "BasicBlock"]
    assert len(blocks) == 8


def _features(candidate: Candidate, name: str) -> torch.Tensor:
    frames = load_digits().validation[:100]
    images = torch.cat([torch.from_numpy(preprocess(frame, INPUT)[0]) for frame in frames])
    with torch.no_grad(), captured(candidate.module, [name]) as seen:
        candidate.module.eval()(images)
    return seen[name]


@pytest.mark.parametrize(("key", "loss"), [("hints", hint_loss), ("attention", attention_loss)])
def test_inner_layers_become_like_the_teachers(key, loss):
    """The same layers in a network of the same width; only the pull on them differs."""
    teacher, student = trained(Cnn), _untrained(Cnn)
    names = ("module.2", "module.5")
    pairs = tuple(_layer(name, weight=5.0) for name in names)
    context = _few(teacher)
    plain = Distill(schedule=SHORT).run(student, context)
    drawn = Distill(schedule=SHORT, **{key: pairs}).run(student, context)
    for name in names:
        assert _distance(loss, teacher, drawn, name) < 0.7 * _distance(loss, teacher, plain, name)
    assert accuracy(drawn) > 0.85


def test_hints_reach_a_narrower_student_through_an_adapter_that_is_thrown_away():
    """A linear map of its features explains more of the teacher's than without hints."""
    teacher, student = trained(Cnn), _untrained(Cnn, 6)
    pairs = (LayerPair(teacher="5", student="5", weight=10.0),)
    context = _few(teacher, labels=True)
    learnt = Distill(schedule=SHORT, hints=pairs).run(student, context)
    alone = Distill(schedule=SHORT, learn_from="labels").run(student, context)
    assert learnt.module.state_dict().keys() == student.module.state_dict().keys()
    found = {}
    for name, candidate in {"hints": learnt, "alone": alone}.items():
        found[name] = _explained(candidate, teacher, "module.5")
    assert found["hints"] > found["alone"] + 0.03
    assert accuracy(learnt) > 0.8


def _explained(student: Candidate, teacher: Candidate, name: str) -> float:
    """Share of the teacher's features that a linear map of the student's gives."""
    rows = [_features(one, name).permute(0, 2, 3, 1).flatten(0, 2) for one in (student, teacher)]
    mine, theirs = torch.cat([rows[0], torch.ones(len(rows[0]), 1)], 1), rows[1]
    error = theirs - mine @ torch.linalg.lstsq(mine, theirs).solution
    return 1 - float(error.square().sum() / (theirs - theirs.mean(0)).square().sum())


def _loss_at_start(pass_: Distill, student: Candidate, context, batch) -> float:
    apprentice, objective = pass_._wishes().prepared(student, context.teacher, seed=0)
    return objective(student.with_module(apprentice), batch).item()


def _disturbed(candidate: Candidate) -> Candidate:
    module = copy.deepcopy(candidate.module)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter += 0.3 * parameter.std(unbiased=False) * noise
    return candidate.with_module(module)


@pytest.mark.parametrize("task", ["detector", "classifier"])
@pytest.mark.parametrize("height", [64, 32])
def test_without_options_the_loss_is_that_of_every_recovery(
    task, height, request, blocks, make_context
):
    """Of the original's detections at its own size, and of its cells at the student's."""
    teacher = request.getfixturevalue(task)
    context, student = make_context(teacher, blocks), _disturbed(teacher).with_input(height, 64)
    lessons = lessons_for(student, context)
    generator = torch.Generator().manual_seed(0)
    batch = next(lessons.batches(8, generator, Schedule().augmentation))
    expected = StudentLoss(student, context.teacher)(student, batch).item()
    assert expected > 0
    assert _loss_at_start(Distill(), student, context, batch) == pytest.approx(expected, rel=1e-6)
    other = Distill(imitation=0.0, temperature=5.0)
    assert _loss_at_start(other, student, context, batch) != pytest.approx(expected, rel=1e-2)


def test_a_detector_learns_from_one_with_other_cells(detector, blocks, make_context):
    """The student has a quarter of the cells, so only final detections can teach it."""
    coarse = OtherModel(source="tiny_detector:coarse", head=YoloxHead(strides=(16,)))
    context = make_context(detector, blocks)
    learn = Schedule(epochs=8, learning_rate=1e-2)
    still = learn.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
    untaught = Distill(student=coarse, schedule=still).run(detector, context)
    taught = Distill(student=coarse, schedule=learn).run(detector, context)
    assert taught.head == YoloxHead(strides=(16,))
    lessons = lessons_for(taught, context)
    (batch,) = lessons.batches(len(lessons), torch.Generator().manual_seed(0))
    before, after = (
        _loss_at_start(Distill(), student, context, batch) for student in (untaught, taught)
    )
    assert after < 0.9 * before


def test_a_teacher_of_more_classes_is_asked_about_the_students_alone(detector, blocks):
    context = context_for(detector, learn=blocks)
    student = replace(detector, labels=("dog", "bird"))
    with pytest.raises(DistillationError, match="another order"):
        teacher = OtherModel(source="tiny_detector:tiny", labels=("bird", "dog"))
        Distill(teacher=teacher).check(student, context)
    from edge_compress.compress.distillation.other_model import fitting_teacher
    from edge_compress.compress.models.classes import select_classes

    one = select_classes(detector, ("dog",))
    narrowed = fitting_teacher(detector, one)
    assert narrowed.labels == ("dog",)
    images = torch.rand(2, 3, 64, 64)
    assert torch.allclose(narrowed.module(images)[0], one.module(images)[0])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"from": "labels"}, r"`from: labels` needs labels, and digits has none"),
        ({"from": "both"}, r"`from: both` needs labels"),
        ({"student": {"source": "digits:Wide"}}, r"`student`: digits:Wide has 11 classes.*has 10"),
        ({"teacher": {"source": "digits:Wide"}}, r"`teacher`: it has 11 classes .* student 10"),
        ({"student": {"source": "digits:Cnnn"}}, r"`student`: .*no 'Cnnn'"),
        (
            {"teacher": {"source": "torchvision:resnet18", "arguments": {"width": 2}}},
            r"`teacher`: .*`arguments`",
        ),
        ({"teacher": {"source": "nothing.onnx"}}, r"`teacher`: .*nothing.onnx"),
        (
            {"student": {"source": "digits:Cnn", "head": {"kind": "yolox"}}},
            r"`student.head`: 'yolox' does not do classification",
        ),
        (
            {"teacher": {"source": "digits:Cnn", "labels": list("1234567890")}},
            "in another order",
        ),
        (
            {"hints": [{"teacher": "fc", "student": "2"}]},
            r"`hints.0.teacher`: 'fc' fits no layer; there are",
        ),
        (
            {"hints": [{"teacher": "2", "student": "8"}]},
            r"`hints.0.student`: '8' fits no layer",
        ),
        (
            {"hints": [{"teacher": "[25]", "student": "2"}]},
            r"`hints.0`: '\[25\]' fits 2 layers of the teacher, '2' 1 of the student",
        ),
        (
            {"hints": [{"teacher": "5", "student": "6"}]},
            r"`hints.0`: .*\[1, 32, 7, 7\] and .*\[1, 1568\] cannot be compared",
        ),
        ({"attention": [{"teacher": "6", "student": "6"}]}, "compared of feature maps"),
        (
            {
                "consistent": True,
                "teacher": {
                    "source": "digits:Cnn",
                    "input": {"height": 28, "width": 28, "fit": "letterbox"},
                },
            },
            "`consistent`: .*cut differently",
        ),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_told_before_anything_is_learnt(options, told):
    candidate = trained(Cnn)
    context = _few(candidate)
    with pytest.raises((DistillationError, LayerPatternError), match=told):
        Distill.model_validate(options).check(candidate, context)


def test_a_student_with_final_detections_is_told(detector, blocks, make_context):
    head = NmsInGraphHead(boxes="output_0", scores="output_1", labels="output_2")
    final = OtherModel(source="tiny_detector:final", head=head, labels=("cat", "dog"))
    with pytest.raises(DistillationError, match=r"`student.head`: nms-in-graph gives final"):
        Distill(student=final).check(detector, make_context(detector, blocks))


def test_a_run_begins_anew_when_a_teachers_file_has_changed(tmp_path):
    weights = tmp_path / "cnn.pth"
    pass_ = Distill(
        teacher=OtherModel(source="digits:Cnn", weights=weights),
        student=OtherModel(source="other.onnx"),
    )
    assert pass_.files == (Path(digits.__file__), weights, Path("other.onnx"))
    assert Distill().files == ()


def test_a_factorys_code_and_no_package_of_models_is_a_file_that_counts():
    """Else a student would stay as it was learnt when its layers are put together anew."""
    student = OtherModel(source="digits:Cnn", arguments={"width": 4})
    assert Distill(student=student).files == (Path(digits.__file__),)
    for source in ("torchvision:resnet18", "not_there:model", "not.there:model", "sys:exit"):
        assert OtherModel(source=source).files == ()


def test_layers_that_an_earlier_pass_took_away_only_fail_the_pass():
    candidate = trained(Cnn)
    with pytest.raises(PassFailed, match="fits no layer"):
        Distill(hints=(_layer("gone"),)).run(candidate, context_for(candidate))


def test_what_was_learnt_from_may_be_written_as_in_the_recipe():
    assert Distill.model_validate({"from": "both"}) == Distill(learn_from="both")
    written = Distill(learn_from="both").model_dump(mode="json")
    assert Distill.model_validate(written).learn_from == "both"


@pytest.mark.slow
def test_yolox_nano_is_drawn_towards_itself_by_hints(yolox_nano, street, make_context):
    """A few steps at a small size: hints, attention and cells of a graph that came from ONNX."""
    small = _disturbed(yolox_nano).with_input(96, 128)
    convs = [name for name, m in small.module.named_modules() if isinstance(m, nn.Conv2d)]
    pair = (LayerPair(teacher=convs[20], student=convs[20]),)
    context = make_context(yolox_nano, street)
    pass_ = Distill(hints=pair, attention=pair, schedule=STEPS)
    pass_.check(small, context)
    learnt = pass_.run(small, context)
    lessons = lessons_for(small, context)
    (batch,) = lessons.batches(len(lessons), torch.Generator().manual_seed(0))
    before, after = (_loss_at_start(pass_, one, context, batch) for one in (small, learnt))
    assert after < 0.9 * before
    assert learnt.module.state_dict().keys() == yolox_nano.module.state_dict().keys()
