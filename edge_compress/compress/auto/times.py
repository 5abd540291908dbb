"""How much a search can train in the time that it has."""

from __future__ import annotations

from dataclasses import dataclass

from edge_compress.compress.auto.findings import Findings

STEPS = 3  # cuts of a prune pass, each followed by recovery
FOR_FINALISTS = 0.4  # of the time
FOR_TRIALS = 0.5
MOST_FINALISTS = 3
ENOUGH_EPOCHS, MOST_EPOCHS, FEWEST_EPOCHS = 12, 24, 4  # of all passes together
RECOVERY = 0.6  # of these epochs come between cuts
SMALLER = 0.5  # candidates train in half of the original's time, as a rule
EXTRA = 1.3  # losses and varied frames, beside the network itself
RANKING_EPOCHS = 0.25
WANTED_TRIALS = 30
TRIAL_SECONDS = 15.0  # of a trial, beside training: export, latency, quality
LEAST_FRAMES = 0.5
SLACK, UNTRAINED_SLACK = 0.03, 0.12  # quality that full training mends: always, and by what is left


@dataclass(frozen=True)
class Times:
    """How long passes train, in full and while ranking.

    Attributes:
        recovery: epochs after each cut.
        last: epochs of the last training.
        ranking_epochs: share of them while ranking, 0-1.
        ranking_frames: share of the frames while ranking, 0-1.
        slack: quality, 0-1, that full training is trusted to mend.
        finalists: that can be trained in full.
        finalist_minutes: about, of each.
        enough: whether one full training fits into the time.
    """

    recovery: int
    last: int
    ranking_epochs: float
    ranking_frames: float
    slack: float
    finalists: int
    finalist_minutes: float
    enough: bool


def planned(findings: Findings, minutes: float) -> Times:
    """Share the time out: 40 % for full training, half for trials, the rest for measuring."""
    epoch = max(1e-3, findings.frames * findings.seconds * EXTRA * SMALLER)  # seconds
    seconds = minutes * 60
    for finalists in range(MOST_FINALISTS, 0, -1):
        epochs = FOR_FINALISTS * seconds / finalists / epoch
        if epochs >= ENOUGH_EPOCHS:
            break
    whole = max(FEWEST_EPOCHS, min(MOST_EPOCHS, int(epochs)))
    recovery = max(1, round(RECOVERY * whole / STEPS))
    last = max(1, whole - STEPS * recovery)
    short = STEPS * max(1, round(RANKING_EPOCHS * recovery)) + max(1, round(RANKING_EPOCHS * last))
    free = FOR_TRIALS * seconds / WANTED_TRIALS - TRIAL_SECONDS
    frames = min(1.0, max(LEAST_FRAMES, free / (short * epoch)))
    return Times(
        recovery=recovery,
        last=last,
        ranking_epochs=RANKING_EPOCHS,
        ranking_frames=round(frames, 2),
        slack=round(SLACK + UNTRAINED_SLACK * (1 - RANKING_EPOCHS * frames), 3),
        finalists=finalists,
        finalist_minutes=(STEPS * recovery + last) * epoch / 60,
        enough=epochs >= FEWEST_EPOCHS,
    )
