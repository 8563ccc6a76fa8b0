"""Fit, measure and write the tagger that ships, in one command.

python -m trendlab.vision.train tags --data DIR --boxes FILE --version 2
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.detect import load_detector
from trendlab.vision.fit_tags import (
    FINE_PENALTY_C,
    HIDDEN_COUNT,
    ROUNDS,
    divide_classes,
    fit_cells,
    fit_fine,
    read_features,
    read_tagged,
)
from trendlab.vision.linear import BALANCE
from trendlab.vision.measure_tags import measure_colours, score_fine, tell_fine
from trendlab.vision.models import (
    DEFAULT_TAGGER,
    SHIPPED,
    ModelCard,
    load_card,
)
from trendlab.vision.shipping import write_model
from trendlab.vision.tagger import Tagger


def ship_tags(
    data: ClothingCoParsing,
    detector_card: ModelCard,
    *,
    boxes: Path,
    out: Path,
    version: str,
) -> ModelCard:
    """Fit the tagger on the train photos, measure it on the validation photos.

    Fine categories are learned from photos that have tags only, too, in the boxes
    that `boxes` holds of them.
    """
    detector = load_detector(detector_card, "cpu")
    garments, cells, silhouettes = read_features(data, "train", detector)
    held, held_cells, _ = read_features(data, "val", detector)
    labels = divide_classes(garments, len(data.classes))
    tagged = read_tagged(data, boxes, detector)
    learned = garments.joined(tagged)
    divided = np.isin(
        held.category_ids, [n for n, tags in enumerate(labels) if len(tags) > 1]
    )
    inputs = np.concatenate([held.features, held.boxes], axis=1)
    common = [
        int(np.bincount(garments.tags[garments.category_ids == n]).argmax())
        for n in range(len(data.classes))
    ]
    guessed = np.array(common)[held.category_ids]
    fine: dict[str, Any] = {
        "garments_count": len(held.tags),
        "majority": score_fine(held.tags, guessed, divided),
    }
    for way, (image, box) in {
        "box_only": (False, True),
        "image_only": (True, False),
        "image_and_box": (True, True),
    }.items():
        weight, bias = fit_fine(learned, labels, uses_image=image, uses_box=box)
        told = tell_fine(inputs, held.category_ids, weight, bias, labels)
        fine[way] = score_fine(held.tags, told, divided)
    weights = {
        "silhouettes": torch.from_numpy(silhouettes),
        "fine.weight": torch.from_numpy(weight),
        "fine.bias": torch.from_numpy(bias),
        **fit_cells(cells, len(data.classes)),
    }

    def measure(draft: ModelCard) -> dict[str, Any]:
        tagger = Tagger(draft)
        return {
            "metrics": {
                "measured_on": "100 validation photos of CCP",
                "fine_category": fine,
                "cells": tagger.score_cells(held_cells.features, held_cells.classes),
                "colour": measure_colours(data, "val", tagger, detector),
            }
        }

    return write_tagger(
        weights,
        out=out,
        version=version,
        labels={
            name: tuple(data.tags[tag] for tag in tags)
            for name, tags in zip(data.classes, labels, strict=True)
        },
        detector=detector_card,
        measure=measure,
        tagged_count=len(np.unique(tagged.photos)),
    )


def write_tagger(
    weights: dict[str, Any],
    *,
    out: Path,
    version: str,
    labels: dict[str, tuple[str, ...]],
    detector: ModelCard,
    measure: Callable[[ModelCard], dict[str, Any]],
    tagged_count: int,
) -> ModelCard:
    """Write the tagger's weights and card to a folder."""
    return write_model(
        weights,
        out=out,
        name=DEFAULT_TAGGER,
        measure=measure,
        version=version,
        task="classify",
        architecture="mean silhouettes; perceptron of 96 on feature maps; logistic "
        "regression on pooled features and box",
        classes=tuple(sorted({one for tags in labels.values() for one in tags})),
        input_size_px=detector.input_size_px,
        training_data="704 street-style photos of Clothing Co-Parsing with pixel "
        f"masks; for fine categories also {tagged_count} of its photos that have "
        "image-level tags only, with garments that a detector found, named by the only "
        "tag of their class",
        training={
            "hidden": HIDDEN_COUNT,
            "rounds": ROUNDS,
            "class_weight_power": -BALANCE,
            "penalty_c": FINE_PENALTY_C,
        },
        metrics_command="python -m trendlab.vision.measure_tags --data DIR",
        licence="AGPL-3.0-or-later. The rights in the training photos are unclear.",
        intended_use="Naming colours and fine categories of garments, in aggregate.",
        known_failures=(
            "The tags it learned from are loose: photos with masks call six of seven "
            "shoes just shoes, the others name heels and sneakers; one person's blouse "
            "is another's shirt.",
            "Rare fine categories (capes, cardigans, rompers) have under 40 examples.",
        ),
        labels=labels,
        detector_sha256=detector.sha256,
    )


def add_arguments(verbs: Any) -> None:
    """Declare the verb `tags`."""
    tags = verbs.add_parser("tags", help="fit the tagger to a detector's features")
    tags.add_argument("--data", type=Path, required=True, help="folder with CCP")
    tags.add_argument(
        "--boxes",
        type=Path,
        required=True,
        help="COCO file that `pseudo` wrote: boxes of photos with tags only",
    )
    tags.add_argument("--card", default="garments", help="the detector")
    tags.add_argument("--version", default="1.0")
    tags.add_argument("--out", type=Path, default=SHIPPED)


def run_verb(given: argparse.Namespace) -> str:
    """Run `tags`; return the figures as JSON."""
    card = ship_tags(
        ClothingCoParsing(given.data),
        load_card(given.card),
        boxes=given.boxes,
        out=given.out,
        version=given.version,
    )
    return json.dumps(card.metrics, indent=1) + "\n"
