"""Processor time a photo of each detector: finding garments, and learning.

    python -m bench.detectors garments garments-fast ssd300 faster-rcnn runs/a/a.json

A card's name or path is timed with its weights. The name of one of the research's
detectors is timed with random weights: finding takes the same time where nothing is
above the threshold. One thread of the processor, photos decoded too; learning is a step
of bfloat16, forwards and backwards, without reading photos.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from bench.vision import FLOOR, write_photos
from trendlab.vision.architectures import BASELINES
from trendlab.vision.baselines import BaselineDetector, build_baseline
from trendlab.vision.boxes import Suppression
from trendlab.vision.datasets import CLASSES
from trendlab.vision.detect import load_detector
from trendlab.vision.detector import Detector
from trendlab.vision.images import read_photo
from trendlab.vision.models import ModelCard, load_card

# Photos of a round, and rounds of which the middle one counts.
PHOTOS = 8
ROUNDS = 3
# Photos of a training step, and steps, the first not counted.
BATCH = 4
STEPS = 3
# Longer side of what the research's detectors are given.
SIZE_PX = 448


def untrained(architecture: str) -> tuple[Detector, Any]:
    """Return a detector with random weights, and its network."""
    network = build_baseline(architecture, len(CLASSES))
    heads = network.roi_heads if architecture == "faster-rcnn" else network
    heads.score_thresh = FLOOR
    card = ModelCard(
        name=architecture,
        version="0",
        task="detect",
        architecture=architecture,
        classes=CLASSES,
        input_size_px=SIZE_PX,
        thresholds=(FLOOR,) * len(CLASSES),
        training_data="none",
        licence="none",
        weights_file="none.safetensors",
        sha256="0" * 64,
    )
    return BaselineDetector(card, network), network


def find_in(detector: Detector, photos: list[Path]) -> None:
    """Decode and look at photos, one after the other."""
    size_px = detector.card.input_size_px
    keep = Suppression((FLOOR,) * len(detector.card.classes))
    for path in photos:
        detector.find([detector.prepare(read_photo(path, max_side_px=size_px))], keep)


def learn_from(network: Any) -> None:
    """Do one step of a training, without changing weights."""
    target = {
        "boxes": torch.tensor([[40.0, 30, 200, 280], [60, 300, 180, 440]]),
        "labels": torch.tensor([1, 2]),
    }
    photos = [torch.rand(3, SIZE_PX, 297) for _ in range(BATCH)]
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        losses = network(photos, [target] * BATCH)
    sum(losses.values()).backward()


def spent_ms(work: Callable[[], None], photos_count: int) -> float:
    """Return milliseconds of processor time a photo."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started) / photos_count


def main() -> None:
    """Print a line a detector."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photos(folder, PHOTOS)
        photos = sorted(folder.glob("*.jpg"))
        for wanted in sys.argv[1:]:
            learning = ""
            if wanted in BASELINES:
                detector, network = untrained(wanted)
                network.to(memory_format=torch.channels_last)
                steps = [
                    spent_ms(lambda net=network: learn_from(net), BATCH)
                    for _ in range(STEPS)
                ]
                learning = f", learning {statistics.median(steps[1:]):.0f} ms"
            else:
                detector = load_detector(load_card(wanted), "cpu")
            find_in(detector, photos[:2])
            rounds = [
                spent_ms(lambda one=detector: find_in(one, photos), len(photos))
                for _ in range(ROUNDS)
            ]
            finding = statistics.median(rounds)
            sys.stdout.write(
                f"{wanted}: finding {finding:.0f} ms, {1000 / finding:.1f} photos per "
                f"processor second{learning}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
