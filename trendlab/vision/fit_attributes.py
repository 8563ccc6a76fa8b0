"""Fit classifiers of attributes to labelled garments, and measure them.

In the two ways of the research: from the image alone, and from the image fused with
the box's geometry and the class. Both stand beside the guesser that says each
class's most frequent value, which accuracy alone would flatter.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from trendlab.errors import ImageRejected, ModelError
from trendlab.vision.attribute_labels import GarmentLabel
from trendlab.vision.attributes_config import AttributesConfig, Way
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.images import read_photo
from trendlab.vision.linear import Numbers, fit_linear, macro_recall
from trendlab.vision.precision import wilson
from trendlab.vision.tagger import GEOMETRY_COUNT
from trendlab.vision.trained import describe_garments, tell_chances


@dataclass(frozen=True)
class Examples:
    """Labelled garments as classifiers see them.

    Parameters
    ----------
    inputs : (n, d) float32
        As `describe_garments` gives them.
    labels : tuple of GarmentLabel
        As many.
    missed_count : int
        Photos that could not be used.
    """

    inputs: Floats
    labels: tuple[GarmentLabel, ...]
    missed_count: int

    def take(self, chosen: npt.NDArray[np.bool_]) -> Examples:
        """Return the examples chosen."""
        labels = tuple(
            one for one, mine in zip(self.labels, chosen, strict=True) if mine
        )
        return Examples(self.inputs[chosen], labels, self.missed_count)

    def of_attribute(self, attribute: str) -> Examples:
        """Return the examples of one attribute."""
        return self.take(np.array([one.attribute == attribute for one in self.labels]))


def read_examples(
    labels: Sequence[GarmentLabel],
    images: Path,
    detector: Detector,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Examples:
    """Run the detector over the labelled photos and pool what it sees of garments.

    Raises
    ------
    ModelError
        If none of the photos can be used.
    """
    by_image: dict[str, list[GarmentLabel]] = {}
    for label in labels:
        by_image.setdefault(label.image, []).append(label)
    inputs: list[Floats] = []
    used: list[GarmentLabel] = []
    reasons: list[str] = []
    for done, (image, mine) in enumerate(sorted(by_image.items()), 1):
        try:
            photo = read_photo(images / image)
        except ImageRejected as error:
            reasons.append(f"{image}: {error}")
            continue
        canvas = detector.prepare(photo)
        inputs.append(
            describe_garments(
                canvas,
                [one.category for one in mine],
                np.array([one.box for one in mine], np.float32),
                detector.neck(canvas),
                classes=detector.card.classes,
            )
        )
        used += mine
        if progress is not None:
            progress(done, len(by_image))
    if not inputs:
        raise ModelError(
            f"none of {len(by_image)} photos in {images} can be used; the first: "
            f"{reasons[0]}"
        )
    return Examples(np.concatenate(inputs), tuple(used), len(reasons))


def hold_out(examples: Examples, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Choose photos to measure on, by a hash of their names.

    Returns
    -------
    (n,) bool
        True for the garments of held-out photos: all of a photo or none.
    """

    def is_held(image: str) -> bool:
        digest = hashlib.blake2b(f"{seed} {image}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64 < share

    return np.array([is_held(one.image) for one in examples.labels])


@dataclass(frozen=True)
class FittedAttribute:
    """One attribute, learned and measured.

    Parameters
    ----------
    attribute : str
    values : tuple of str
        In the order of the outputs.
    applies_to : dict of str to tuple of str
        Class → values told of it.
    weight : (values, d) float32
    bias : (values,) float32
    figures : dict
        Of both ways and of the guesser, on garments of held-out photos.
    """

    attribute: str
    values: tuple[str, ...]
    applies_to: dict[str, tuple[str, ...]]
    weight: Floats
    bias: Floats
    figures: dict[str, Any]


def fit_attribute(
    attribute: str,
    train: Examples,
    held: Examples,
    *,
    classes_count: int,
    config: AttributesConfig,
) -> FittedAttribute | None:
    """Fit one attribute in both ways, measure both, keep what the config asks for.

    Parameters
    ----------
    attribute : str
    train, held : Examples
        To fit on and to measure on; those of other attributes are left out.
    classes_count : int
        Classes at the end of the inputs.
    config : AttributesConfig

    Returns
    -------
    FittedAttribute or None
        None where no class has two values with enough examples.

    Raises
    ------
    ModelError
        If no held-out garment has the attribute.
    """
    train, held = train.of_attribute(attribute), held.of_attribute(attribute)
    applies_to = divide_values(train.labels, config.min_examples)
    if not applies_to:
        return None
    values = tuple(sorted({one for mine in applies_to.values() for one in mine}))
    train = train.take(
        np.array(
            [one.value in applies_to.get(one.category, ()) for one in train.labels]
        )
    )
    held = held.take(
        np.array([one.category in applies_to for one in held.labels], bool)
    )
    if not held.labels:
        raise ModelError(
            f"no held-out garment has a {attribute}, so it cannot be measured; label "
            "more photos, or set another held_out_share"
        )
    truth = np.array([values.index(one.value) for one in train.labels], np.int64)
    common = {
        category: np.bincount(
            truth[np.array([one.category == category for one in train.labels])]
        ).argmax()
        for category in applies_to
    }
    guessed = np.array([common[one.category] for one in held.labels], np.int64)
    figures: dict[str, Any] = {
        "garments_trained_on": len(train.labels),
        "garments_held_out": len(held.labels),
        "majority": score_values(held.labels, guessed, values),
    }
    allowed = np.array(
        [[value in applies_to[one.category] for value in values] for one in held.labels]
    )
    beside_image = GEOMETRY_COUNT + classes_count
    fitted: dict[Way, tuple[Floats, Floats]] = {}
    for way in get_args(Way):
        used = np.ones(train.inputs.shape[1], bool)
        used[-beside_image:] = way == "image_box_class"
        weight = np.zeros((len(values), len(used)), np.float32)
        weight[:, used], bias = fit_linear(
            train.inputs[:, used], truth, range(len(values)), penalty_c=config.penalty_c
        )
        fitted[way] = weight, bias
        told = tell_chances(held.inputs, weight, bias, allowed).argmax(1)
        figures[way] = score_values(held.labels, told, values)
    weight, bias = fitted[config.inputs]
    return FittedAttribute(attribute, values, applies_to, weight, bias, figures)


def divide_values(
    labels: Sequence[GarmentLabel], min_examples: int
) -> dict[str, tuple[str, ...]]:
    """Return the values of each class with enough examples, where there are two."""
    counts = Counter((one.category, one.value) for one in labels)
    enough: dict[str, list[str]] = {}
    for (category, value), count in sorted(counts.items()):
        if count >= min_examples:
            enough.setdefault(category, []).append(value)
    return {name: tuple(mine) for name, mine in enough.items() if len(mine) > 1}


def score_values(
    labels: Sequence[GarmentLabel], told: Numbers, values: Sequence[str]
) -> dict[str, Any]:
    """Return accuracy with its 95 % interval, macro recall, and recall by value.

    Parameters
    ----------
    labels : sequence of GarmentLabel
        The truth. A value that is not among `values` was not learned and counts as
        missed.
    told : (n,) int64
        Which of `values`.
    """
    names = [*values, *sorted({one.value for one in labels} - set(values))]
    truth = np.array([names.index(one.value) for one in labels], np.int64)
    hits = truth == told
    low, high = wilson(int(hits.sum()), len(hits))
    return {
        "accuracy": round(float(hits.mean()), 4),
        "accuracy_low": round(low, 4),
        "accuracy_high": round(high, 4),
        "macro_recall": round(macro_recall(truth, told), 4),
        "recall": {
            names[number]: round(float(hits[truth == number].mean()), 4)
            for number in np.unique(truth).tolist()
        },
    }
