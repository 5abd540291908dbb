"""`python -m benchmarks.search.train_table`: train every architecture on Fashion-MNIST.

An architecture takes some seconds of one core, all of them with two seeds about 40 minutes. What is
finished stays in the file when it is interrupted, and is not done again.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time

import torch
from torch import Tensor, nn

from benchmarks.search.table import FILE, SPACE, Value, key, points, read_rows
from edge_compress.assets import fetch
from edge_compress.bundle.schema import InputSpec
from edge_compress.compress.counting import params_and_macs
from edge_compress.compress.data.idx import read_idx
from edge_compress.compress.networks.small_classifier import small_classifier

FRAMES = 5_000  # to learn from; few and small, since only the order of architectures matters
SIDE = 14  # pixels, means of 2 x 2
EPOCHS = 4
BATCH = 100
LEARNING_RATE = 6e-3
MEAN, DEVIATION = 72.94, 90.02  # of the pixels
COLUMNS = (*SPACE, "seed", "accuracy", "params", "macs", "seconds")


def main() -> int:
    """Train what is not in the file yet, one seed after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search.train_table")
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    torch.set_num_threads(1)
    learn, test = _pictures("train", FRAMES), _pictures("t10k", 10_000)
    rows = read_rows()
    jobs = [(point, seed) for seed in range(seeds) for point in points()]
    left = [(point, seed) for point, seed in jobs if (key(point), seed) not in rows]
    with FILE.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if not rows:
            writer.writeheader()
        for done, (point, seed) in enumerate(left, 1):
            row = _row(point, seed, learn, test)
            writer.writerow(row)
            file.flush()
            print(f"{done}/{len(left)} {row}", flush=True)
    return 0


def _row(
    point: dict[str, Value],
    seed: int,
    learn: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
) -> dict[str, Value]:
    torch.manual_seed(seed)
    started = time.process_time()
    # Two stages of 7 x 7 and 4 x 4 features, so that one architecture takes seconds.
    network = small_classifier(stages=2, stem_stride=2, expansion=3, **point)  # type: ignore[arg-type]
    _train(network, *learn)
    right = _right(network, *test)
    seconds = time.process_time() - started
    params, macs = params_and_macs(network, InputSpec(height=SIDE, width=SIDE))
    return {
        **point,
        "seed": seed,
        "accuracy": f"{right / len(test[0]):.4f}",
        "params": params,
        "macs": macs,
        "seconds": f"{seconds:.1f}",
    }


def _train(network: nn.Module, images: Tensor, classes: Tensor) -> None:
    network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE)
    steps = EPOCHS * len(images) // BATCH
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for places in torch.randperm(len(images)).split(BATCH):
            batch = images[places].contiguous(memory_format=torch.channels_last)
            loss = nn.functional.cross_entropy(network(batch), classes[places])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.step()


@torch.no_grad()
def _right(network: nn.Module, images: Tensor, classes: Tensor) -> int:
    network.eval()
    parts = zip(images.split(1000), classes.split(1000), strict=True)
    return sum(int((network(part).argmax(1) == wanted).sum()) for part, wanted in parts)


def _pictures(part: str, count: int) -> tuple[Tensor, Tensor]:
    """The first pictures, float32 [count, 3, SIDE, SIDE], and their classes."""
    folder = fetch("fashion-mnist")
    pixels = torch.from_numpy(read_idx(folder / f"{part}-images-idx3-ubyte", 3)[:count].copy())
    classes = torch.from_numpy(read_idx(folder / f"{part}-labels-idx1-ubyte", 1)[:count].copy())
    grey = nn.functional.avg_pool2d((pixels.float()[:, None] - MEAN) / DEVIATION, 2)
    images = grey.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    return images, classes.long()


if __name__ == "__main__":
    sys.exit(main())
