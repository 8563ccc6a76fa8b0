"""Finds the looks of the lake, or of the warehouse, that are nearest to a photo."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.errors import SettingsError, VisionError
from trendlab.lake import Lake, LakeReader, Span
from trendlab.settings import Settings
from trendlab.signals.activity import lake_query
from trendlab.steps.describe import open_detector
from trendlab.steps.load import need_warehouse, open_for
from trendlab.vision.detector import Detector
from trendlab.vision.images import read_photo
from trendlab.vision.looks import main_look
from trendlab.warehouse.nearest import nearest_looks

log = logging.getLogger(__name__)


def similar_lines(
    settings: Settings, image: Path, *, count: int, in_warehouse: bool = False
) -> Iterator[str]:
    """Find the looks nearest to a photo and yield lines to print.

    Parameters
    ----------
    settings : Settings
    image : Path
    count : int
        Most looks.
    in_warehouse : bool
        Ask the warehouse, by pgvector, instead of reading the lake.

    Raises
    ------
    SettingsError
        If there is no such file.
    ImageRejected
        If it is no photo that can be used.
    VisionError
        If no garment is found in it.
    WarehouseError
        If the warehouse is asked and cannot compare looks.
    """
    if not image.is_file():
        raise SettingsError(f"expected a photo, got {image}: there is no such file")
    if in_warehouse:
        need_warehouse(settings)
    detector = open_detector(settings)
    if in_warehouse:
        found = find_similar_loaded(settings, detector, image, count=count)
    else:
        lake = Lake(settings.home / "lake")
        found = find_similar(lake, detector, image, count=count).to_pylist()
    if not found:
        place = "warehouse" if in_warehouse else "lake"
        yield (
            f"no looks of {detector.card.name} {detector.card.version} in the {place}: "
            "ingest posts with photos and run `trendlab detect`"
            + (" and `trendlab load`" if in_warehouse else "")
        )
    for row in found:
        copy = "  copy of an earlier photo" if row["is_duplicate"] else ""
        where = "" if in_warehouse else f"  {row['path'] or 'photo gone'}"
        yield (
            f"{row['score']:.3f}  {row['day']}  {row['source']} {row['post_id']} "
            f"photo {row['media_index']} look {row['look_index']}  "
            f"{row['garments_count']} garments{where}{copy}"
        )


def find_similar_loaded(
    settings: Settings, detector: Detector, image: Path, *, count: int
) -> list[dict[str, Any]]:
    """Return the looks of the warehouse nearest to the main look of a photo.

    Returns
    -------
    list of dict
        As `trendlab.warehouse.nearest.nearest_looks`.

    Raises
    ------
    ImageRejected, VisionError, WarehouseError
    """
    vector = photo_vector(detector, image)
    with open_for(settings) as warehouse:
        return nearest_looks(
            warehouse.analyst,
            vector,
            model_name=detector.card.name,
            model_version=detector.card.version,
            count=count,
        )


def photo_vector(detector: Detector, image: Path) -> list[float]:
    """Return the appearance of a photo's main look.

    Raises
    ------
    ImageRejected
        If it is no photo that can be used.
    VisionError
        If no garment is found in it.
    """
    photo = read_photo(image, max_side_px=detector.card.input_size_px)
    [seen] = detector.find([detector.prepare(photo)], with_features=True)
    look = main_look(seen)
    vector = None if look is None else look.vector(seen)
    if vector is None:
        raise VisionError(
            f"{image}: no garment found in it by {detector.card.name} "
            f"{detector.card.version}; a look is told by its garments"
        )
    return vector


def find_similar(
    lake: LakeReader, detector: Detector, image: Path, *, count: int
) -> pa.Table:
    """Return the looks of the lake nearest to the main look of a photo.

    Parameters
    ----------
    lake : LakeReader
    detector : Detector
        Only looks that this model and version made are compared.
    image : Path
    count : int
        Most rows.

    Returns
    -------
    pyarrow.Table
        One row per look, nearest first: score (cosine, −1 to 1), day, source,
        post_id, media_index, look_index, garments_count, is_duplicate, path (as in
        `media`). Empty where the lake has no looks of the model.

    Raises
    ------
    ImageRejected, VisionError

    Notes
    -----
    Every vector is compared: exact, and a pass over 128 floats a look. Of a photo of
    several people the one with most garments is asked for (`main_look`).
    """
    started = time.monotonic()
    vector = photo_vector(detector, image)
    found = lake.query(
        lake_query("similar_looks"),
        {"looks": Span("looks"), "media": Span("media")},
        {
            "vector": vector,
            "model_name": detector.card.name,
            "model_version": detector.card.version,
            "row_count": count,
        },
    )
    log.info(
        "similar rows_out=%d seconds=%.1f", found.num_rows, time.monotonic() - started
    )
    return found
