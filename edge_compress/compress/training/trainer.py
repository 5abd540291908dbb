"""A student learns from labels, from its teacher, or from both."""

from __future__ import annotations

from typing import Literal

from edge_compress.compress.candidate import Candidate
from edge_compress.compress.pass_base import Context, PassFailed
from edge_compress.compress.training.hooks import Hooks
from edge_compress.compress.training.lessons import Lessons
from edge_compress.compress.training.loop import Training, learn
from edge_compress.compress.training.objective import Objective, StudentLoss
from edge_compress.compress.training.predictions import can_predict
from edge_compress.compress.training.processes import team
from edge_compress.compress.training.schedule import Schedule

Source = Literal["labels", "teacher", "both"]


def lessons_for(
    candidate: Candidate, context: Context, learn_from: Source | None = None
) -> Lessons:
    """The frames to learn from at the candidate's input size, with what is known of them.

    Args:
        candidate: who is to learn.
        context: of the pass.
        learn_from: unset, the teacher, and the labels too where there are some.

    Raises:
        PassFailed: when gradients cannot reach the model through its head, or labels are asked for
            and there are none.
    """
    if candidate.task == "detection" and not can_predict(candidate.head):
        raise PassFailed(
            f"the {candidate.head.kind} head gives final detections, which no gradient passes; "
            "export the model without NMS to train it"
        )
    if context.learn.truth is None and learn_from in ("labels", "both"):
        raise PassFailed("there are no labels to learn from: give `data` that has some")
    return Lessons(
        context.learn,
        None if learn_from == "labels" else context.teacher,
        candidate.input,
        candidate.task,
        labels=learn_from != "teacher",
    )


def train(
    candidate: Candidate,
    lessons: Lessons,
    schedule: Schedule,
    context: Context,
    what: str,
    *,
    hooks: Hooks | None = None,
    objective: Objective | None = None,
) -> None:
    """Train the candidate's module in place; what constrains its weights still does afterwards.

    Args:
        candidate: whose module learns; left in eval mode.
        lessons: of `lessons_for`.
        schedule: how long and how fast.
        context: of the pass.
        what: the progress bar's text.
        hooks: what else is done on the way.
        objective: the loss; unset, that of labels and teacher, whichever `lessons` have.

    Raises:
        PassFailed: when the loss is no longer a number.
    """
    objective = objective or StudentLoss(candidate, lessons.teacher)
    training = Training(candidate, lessons, objective, schedule, hooks or Hooks(), context.seed)
    crew = team()
    if schedule.batch_size < 2 * crew.size and crew.size > 1:
        context.progress.note(
            f"{what}: batches of {schedule.batch_size} are too small to be shared by {crew.size} "
            "processes: each computes all of it"
        )
    with crew.sharing(training):
        learn(training, crew, context, what)
