"""Attributes that a person wrote down for garments: one CSV or JSON file.

A row is one attribute of one garment: image, category, box, attribute, value.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trendlab.errors import ModelError
from trendlab.schemas import TABLES

# Mistakes that a message names; the rest are counted.
_TOLD_COUNT = 5


class GarmentLabel(BaseModel):
    """One attribute of one garment in a photo.

    Parameters
    ----------
    image : str
        File name, from the folder of photos.
    category : str
        Class of the garment, as the detector names it.
    x_px, y_px, width_px, height_px : float
        Its box, pixels of the upright photo.
    attribute : str
        As `garment_tags` stores it; colours are not learned.
    value : str
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: str = Field(min_length=1)
    category: str = Field(min_length=1)
    x_px: float = Field(ge=0, allow_inf_nan=False)
    y_px: float = Field(ge=0, allow_inf_nan=False)
    width_px: float = Field(gt=0, allow_inf_nan=False)
    height_px: float = Field(gt=0, allow_inf_nan=False)
    attribute: str
    value: str = Field(pattern=r"^[a-z0-9][a-z0-9 _/-]{0,39}$")

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return the box as x0 y0 x1 y1, pixels."""
        x, y = self.x_px, self.y_px
        return x, y, x + self.width_px, y + self.height_px


def known_attributes() -> tuple[str, ...]:
    """Return the attributes that can be learned: those stored, but colours."""
    [column] = [
        one for one in TABLES["garment_tags"].columns if one.name == "attribute"
    ]
    return tuple(name for name in column.allowed or () if name != "colour")


def read_labels(path: Path, categories: tuple[str, ...]) -> list[GarmentLabel]:
    """Read the labels of a file.

    Parameters
    ----------
    path : Path
        `.json`, a list of objects; anything else is CSV with a header.
    categories : tuple of str
        Classes that the detector knows.

    Raises
    ------
    ModelError
        If the file cannot be read, is empty, or rows are wrong; it names the first.
    """
    labels: list[GarmentLabel] = []
    wrong: list[str] = []
    attributes = known_attributes()
    for place, fields in _rows_of(path):
        try:
            label = GarmentLabel.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"])) or "row"
            wrong.append(f"{place}: {field}: {first['msg']}, got {first['input']!r}")
            continue
        if label.attribute not in attributes:
            told = f"expected one of {', '.join(attributes)}, got {label.attribute!r}"
            wrong.append(f"{place}: attribute: {told}")
        elif label.category not in categories:
            told = f"expected one of {', '.join(categories)}, got {label.category!r}"
            wrong.append(f"{place}: category: {told}")
        else:
            labels.append(label)
    if wrong:
        more = f"\n… and {len(wrong) - _TOLD_COUNT} more" * (len(wrong) > _TOLD_COUNT)
        raise ModelError("\n".join(wrong[:_TOLD_COUNT]) + more)
    if not labels:
        raise ModelError(f"{path}: expected a row a garment and attribute, found none")
    return labels


def _rows_of(path: Path) -> Iterator[tuple[str, Any]]:
    """Give each row of a file with its place, for messages."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if path.suffix.lower() != ".json":
        rows = csv.DictReader(io.StringIO(text), restkey="beyond the header")
        for row in rows:
            yield f"{path}:{rows.line_num}", row
        return
    try:
        listed = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}") from error
    if not isinstance(listed, list):
        raise ModelError(
            f"{path}: expected a list of objects, got {type(listed).__name__}"
        )
    for number, row in enumerate(listed, 1):
        yield f"{path}, object {number}", row
