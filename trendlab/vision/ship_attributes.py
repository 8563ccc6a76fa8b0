"""Train attributes by a config: examples, classifiers, figures, weights and card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trendlab.errors import ModelError
from trendlab.vision.attribute_labels import known_attributes, read_labels
from trendlab.vision.attributes_config import AttributesConfig
from trendlab.vision.detector import Detector
from trendlab.vision.fit_attributes import (
    FittedAttribute,
    fit_attribute,
    hold_out,
    read_examples,
)
from trendlab.vision.models import ModelCard
from trendlab.vision.shipping import write_model

WAYS = {
    "majority": "each class's most frequent value",
    "image": "image only",
    "image_box_class": "image, box and class",
}


@dataclass(frozen=True)
class TrainedCard:
    """What a training of attributes left.

    Parameters
    ----------
    card : ModelCard
    photos_missed_count : int
        Photos that could not be used.
    left_out : tuple of str
        Attributes with too few examples.
    """

    card: ModelCard
    photos_missed_count: int
    left_out: tuple[str, ...]


def train_attributes(
    config: AttributesConfig,
    detector: Detector,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> TrainedCard:
    """Train all attributes of a config's labels; write weights and card.

    Parameters
    ----------
    config : AttributesConfig
    detector : Detector
        Whose features are read.
    progress : callable, optional
        Called with photos done and photos in all, of each file of labels.

    Raises
    ------
    ModelError
        If labels are wrong, no photo can be used, or nothing can be learned.
    """
    classes = detector.card.classes
    train = read_examples(
        read_labels(config.annotations, classes),
        config.images,
        detector,
        progress=progress,
    )
    missed = train.missed_count
    if config.val_annotations is None:
        is_held = hold_out(train, config.held_out_share, config.seed)
        train, held = train.take(~is_held), train.take(is_held)
    else:
        labels = read_labels(config.val_annotations, classes)
        held = read_examples(labels, config.images, detector, progress=progress)
        missed += held.missed_count
        both = {one.image for one in train.labels} & {one.image for one in held.labels}
        if both:
            raise ModelError(
                f"{len(both)} photos are in {config.annotations} and in "
                f"{config.val_annotations}, such as {min(both)}; a model is measured "
                "on photos that it has not seen"
            )
    found = {
        name: fit_attribute(
            name, train, held, classes_count=len(classes), config=config
        )
        for name in known_attributes()
        if any(one.attribute == name for one in train.labels)
    }
    fitted = [one for one in found.values() if one is not None]
    if not fitted:
        raise ModelError(
            f"{config.annotations}: no class has two values with "
            f"{config.min_examples} garments each to train on; label more, or lower "
            "min_examples"
        )
    photos = len({one.image for one in held.labels})
    card = _write(
        fitted,
        config,
        detector.card,
        measured_on=f"{photos} photos that were held out of the training",
    )
    left_out = tuple(name for name, one in found.items() if one is None)
    return TrainedCard(card, missed, left_out)


def _write(
    fitted: Sequence[FittedAttribute],
    config: AttributesConfig,
    detector: ModelCard,
    *,
    measured_on: str,
) -> ModelCard:
    weights: dict[str, np.ndarray[Any, Any]] = {}
    for one in fitted:
        weights[f"{one.attribute}.weight"] = one.weight
        weights[f"{one.attribute}.bias"] = one.bias
    return write_model(
        weights,
        out=config.out,
        name=config.name,
        version=config.version,
        task="classify",
        architecture="logistic regression on pooled features of the detector"
        + ("" if config.inputs == "image" else ", box and class"),
        classes=detector.classes,
        input_size_px=detector.input_size_px,
        training_data=config.training_data,
        training=config.recorded(),
        metrics={
            "measured_on": measured_on,
            **{one.attribute: one.figures for one in fitted},
        },
        metrics_command="trendlab train attributes --config FILE",
        licence=config.licence,
        intended_use="Naming attributes of garments, in aggregate.",
        known_failures=config.known_failures,
        labels={one.attribute: one.values for one in fitted},
        applies_to={one.attribute: one.applies_to for one in fitted},
        detector_sha256=detector.sha256,
    )


def render_attributes(card: ModelCard) -> str:
    """Return a card's figures as a Markdown table, a row an attribute and way."""
    lines = [
        "| attribute | told from | accuracy (95 %) | macro recall | recall by value |",
        "|---|---|---|---:|---|",
    ]
    for attribute in card.applies_to:
        figures = card.metrics[attribute]
        for way, words in WAYS.items():
            mine = figures[way]
            recalls = ", ".join(
                f"{value} {recall:.2f}" for value, recall in mine["recall"].items()
            )
            lines.append(
                f"| {attribute}, {figures['garments_held_out']} garments | {words} "
                f"| {mine['accuracy']:.3f} ({mine['accuracy_low']:.3f}–"
                f"{mine['accuracy_high']:.3f}) | {mine['macro_recall']:.3f} "
                f"| {recalls} |"
            )
    return "\n".join(lines)
