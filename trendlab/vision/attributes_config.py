"""One training of attributes in one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trendlab.vision.detect import Device
from trendlab.vision.linear import PENALTY_C

# What classifiers read: features of the image alone, or fused with the box and class.
Way = Literal["image", "image_box_class"]


class AttributesConfig(BaseModel):
    """One training of attributes: what is recorded in the card's `training`.

    Parameters
    ----------
    name, version : str
        Of the model, as every row will say.
    annotations : Path
        CSV or JSON of `GarmentLabel`.
    val_annotations : Path or None
        The same for photos to measure on; without, `held_out_share` of the photos
        are held out.
    images : Path
        Folder that file names start from.
    out : Path
        Folder for weights and card.
    training_data, licence : str
        In words, for the card.
    known_failures : tuple of str
        The same; what you saw when you looked.
    inputs : {"image", "image_box_class"}
        What is written in the end; both are measured.
    held_out_share : float
        Share of photos to measure on.
    min_examples : int
        Garments that a value of a class must have to be learned.
    penalty_c : float
        Inverse strength of the classifiers' penalty; larger follows the examples
        more closely.
    seed : int
        Which photos are held out.
    device : {"auto", "cpu", "cuda"}
        Where the detector looks at them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="attributes", pattern=r"^[a-z0-9-]{1,60}$")
    version: str = Field(default="1", pattern=r"^[0-9A-Za-z.+-]{1,40}$")
    annotations: Path
    val_annotations: Path | None = None
    images: Path
    out: Path
    training_data: str = "not described in the training's config"
    licence: str = (
        "AGPL-3.0-or-later, as the detector whose features it reads; rights in the "
        "photos are not described in the training's config"
    )
    known_failures: tuple[str, ...] = (
        "Not examined: look at photos of your own before use.",
    )
    inputs: Way = "image_box_class"
    held_out_share: float = Field(default=0.2, gt=0, lt=1)
    min_examples: int = Field(default=10, ge=2)
    penalty_c: float = Field(default=PENALTY_C, gt=0)
    seed: int = 0
    device: Device = "auto"

    def recorded(self) -> dict[str, Any]:
        """Return the fields that a card records: all but where things are."""
        return self.model_dump(
            mode="json",
            exclude={
                "annotations",
                "val_annotations",
                "images",
                "out",
                "known_failures",
            },
        )
