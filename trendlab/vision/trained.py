"""Attributes by linear classifiers that were fitted to labelled garments.

They read the detector's features, so that they cost no network of their own. One
classifier an attribute serves all classes: the class is an input beside the garment's
features and its box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from trendlab.errors import ModelError
from trendlab.vision.attribute_model import CONFIDENCE_FLOOR, Told
from trendlab.vision.boxes import Canvas
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.features import pool_features
from trendlab.vision.models import ModelCard, read_weights
from trendlab.vision.tagger import describe_boxes


class TrainedAttributes:
    """Names attributes by the classifiers of a card.

    Parameters
    ----------
    card : ModelCard
        Of task "classify", with `applies_to`; `classes` are those of the detector,
        in the order of the inputs.

    Raises
    ------
    ModelError
        If the card is of another kind, or its weights do not fit it.
    """

    def __init__(self, card: ModelCard) -> None:
        if card.task != "classify" or not card.applies_to:
            raise ModelError(
                f"{card.name} {card.version} tells no attributes; make a card by "
                "`trendlab train attributes`"
            )
        weights = read_weights(card)
        self.card = card
        self._classifiers: dict[str, tuple[Floats, Floats]] = {}
        for attribute in card.applies_to:
            try:
                weight = weights[f"{attribute}.weight"]
                bias = weights[f"{attribute}.bias"]
                values = len(card.labels[attribute])
            except KeyError as error:
                raise ModelError(
                    f"weights of {card.name} {card.version} lack {error}; train again"
                ) from error
            if weight.shape[0] != values or bias.shape != (values,):
                raise ModelError(
                    f"{card.name} {card.version}: expected weights for {values} "
                    f"values of {attribute}, got {weight.shape[0]}"
                )
            self._classifiers[attribute] = (weight, bias)

    @property
    def name(self) -> str:
        """The card's name."""
        return self.card.name

    @property
    def version(self) -> str:
        """The card's version."""
        return self.card.version

    @property
    def applies_to(self) -> Mapping[str, frozenset[str]]:
        """Classes that examples of each attribute were seen of."""
        return {
            attribute: frozenset(classes)
            for attribute, classes in self.card.applies_to.items()
        }

    def check_detector(self, detector: Detector) -> None:
        """Refuse a detector that the classifiers were not fitted to."""
        if detector.card.sha256 != self.card.detector_sha256:
            raise ModelError(
                f"{self.name} {self.version} was fitted to another detector than "
                f"{detector.card.name} {detector.card.version}; train it again"
            )

    def tell(
        self,
        canvas: Canvas,
        categories: Sequence[str],
        boxes: Floats,
        neck: Sequence[Floats],
    ) -> list[list[Told]]:
        """Name what the classifiers say of each garment; see `AttributeModel`."""
        told: list[list[Told]] = [[] for _ in categories]
        if not len(categories):
            return told
        inputs = describe_garments(
            canvas, categories, boxes, neck, classes=self.card.classes
        )
        for attribute, (weight, bias) in self._classifiers.items():
            chances = tell_chances(
                inputs, weight, bias, self._allowed(attribute, categories)
            )
            for number, mine in enumerate(chances):
                best = int(mine.argmax())
                if mine[best] >= CONFIDENCE_FLOOR:
                    value = self.card.labels[attribute][best]
                    told[number].append(
                        Told(
                            attribute, value, float(mine[best]), self.name, self.version
                        )
                    )
        return told

    def _allowed(
        self, attribute: str, categories: Sequence[str]
    ) -> npt.NDArray[np.bool_]:
        """Tell which values each garment's class may have, (n, values)."""
        values = self.card.labels[attribute]
        of_class = self.card.applies_to[attribute]
        return np.array(
            [[value in of_class.get(one, ()) for value in values] for one in categories]
        )


def describe_garments(
    canvas: Canvas,
    categories: Sequence[str],
    boxes: Floats,
    neck: Sequence[Floats],
    *,
    classes: Sequence[str],
) -> Floats:
    """Return what classifiers see of garments, (n, features + 6 + classes) float32.

    Features of the image, then geometry of the box, then the class as one of many.
    """
    is_class = np.array([[one == name for name in classes] for one in categories])
    return np.concatenate(
        [
            pool_features(neck, 0, canvas.place(boxes)),
            describe_boxes(boxes, canvas.width_px, canvas.height_px),
            is_class.astype(np.float32),
        ],
        axis=1,
    )


def tell_chances(
    inputs: Floats, weight: Floats, bias: Floats, allowed: npt.NDArray[np.bool_]
) -> Floats:
    """Return the chance of each value, (n, values); zeros where none is allowed."""
    logits = np.where(allowed, inputs @ weight.T + bias, -np.inf)
    highest = logits.max(1, keepdims=True)
    raised = np.exp(logits - np.where(np.isfinite(highest), highest, 0))
    chances: Floats = raised / np.maximum(raised.sum(1, keepdims=True), 1e-9)
    return chances
