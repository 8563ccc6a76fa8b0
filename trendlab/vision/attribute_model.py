"""What tagging needs of a model that names attributes, whoever made it.

To put another model behind `trendlab tag`, write a class that fulfils
`AttributeModel`; `zero_shot.py` and `trained.py` are two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trendlab.vision.boxes import Canvas
from trendlab.vision.detector import Detector, Floats

FINE_CATEGORY = "fine_category"

# Confidence below which a value is not told: all other values together are likelier
# then. The confidences are no measured probabilities; see docs/vision.md.
CONFIDENCE_FLOOR = 0.5


@dataclass(frozen=True)
class Told:
    """One attribute of one garment, as a row of `garment_tags` will say it.

    Parameters
    ----------
    attribute, value : str
    confidence : float
        0 to 1; what it means is the model's affair.
    model_name, model_version : str
    """

    attribute: str
    value: str
    confidence: float
    model_name: str
    model_version: str


class AttributeModel(Protocol):
    """Names attributes of garments."""

    @property
    def name(self) -> str:
        """What every row calls the model."""
        ...

    @property
    def version(self) -> str:
        """Version, written into every row."""
        ...

    @property
    def applies_to(self) -> Mapping[str, frozenset[str]]:
        """Attribute → classes of garments that it is told of.

        A model that is not sure of such a garment says nothing of it, and no other
        model is asked then: a series of weeks mixes no models.
        """
        ...

    def check_detector(self, detector: Detector) -> None:
        """Refuse a detector whose feature maps the model cannot read.

        Raises
        ------
        ModelError
        """
        ...

    def tell(
        self,
        canvas: Canvas,
        categories: Sequence[str],
        boxes: Floats,
        neck: Sequence[Floats],
    ) -> list[list[Told]]:
        """Name the attributes of the garments in one photo; thread-safe.

        Parameters
        ----------
        canvas : Canvas
        categories : sequence of str
        boxes : (n, 4) float32, photo pixels, x0 y0 x1 y1
        neck : sequence of float32 maps
            The detector's, of the same canvas; empty where it has none.

        Returns
        -------
        list of list of Told
            One list a garment; at most one value an attribute.
        """
        ...


def ask_in_turn(
    models: Iterable[AttributeModel],
    canvas: Canvas,
    categories: Sequence[str],
    boxes: Floats,
    neck: Sequence[Floats],
) -> list[list[Told]]:
    """Ask several models; the first that an attribute applies to decides it.

    Returns
    -------
    list of list of Told
        One list a garment; at most one value an attribute.
    """
    told: list[list[Told]] = [[] for _ in categories]
    decided: list[set[str]] = [set() for _ in categories]
    for model in models:
        answers = model.tell(canvas, categories, boxes, neck)
        for number, (category, mine) in enumerate(
            zip(categories, answers, strict=True)
        ):
            told[number] += [
                one for one in mine if one.attribute not in decided[number]
            ]
            decided[number] |= {
                attribute
                for attribute, classes in model.applies_to.items()
                if category in classes
            }
    return told
