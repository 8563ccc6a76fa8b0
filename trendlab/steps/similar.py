"""Finds the looks of the lake that are nearest to a photo."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from trendlab.errors import SettingsError, VisionError
from trendlab.lake import Lake, LakeReader, Span
from trendlab.settings import Settings
from trendlab.signals.activity import lake_query
from trendlab.steps.describe import open_detector
from trendlab.vision.detector import Detector
from trendlab.vision.images import read_photo
from trendlab.vision.looks import main_look

log = logging.getLogger(__name__)


def similar_lines(settings: Settings, image: Path, *, count: int) -> Iterator[str]:
    """Find the looks nearest to a photo and yield lines to print.

    Raises
    ------
    SettingsError
        If there is no such file.
    ImageRejected
        If it is no photo that can be used.
    VisionError
        If no garment is found in it.
    """
    if not image.is_file():
        raise SettingsError(f"expected a photo, got {image}: there is no such file")
    detector = open_detector(settings)
    found = find_similar(Lake(settings.home / "lake"), detector, image, count=count)
    if not found.num_rows:
        yield (
            f"no looks of {detector.card.name} {detector.card.version} in the lake: "
            "ingest posts with photos and run `trendlab detect`"
        )
    for row in found.to_pylist():
        copy = "  copy of an earlier photo" if row["is_duplicate"] else ""
        yield (
            f"{row['score']:.3f}  {row['day']}  {row['source']} {row['post_id']} "
            f"photo {row['media_index']}  {row['garments_count']} garments  "
            f"{row['path'] or 'photo gone'}{copy}"
        )


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
    photo = read_photo(image, max_side_px=detector.card.input_size_px)
    [seen] = detector.find([detector.prepare(photo)], with_features=True)
    look = main_look(seen)
    vector = None if look is None else look.vector(seen)
    if vector is None:
        raise VisionError(
            f"{image}: no garment found in it by {detector.card.name} "
            f"{detector.card.version}; a look is told by its garments"
        )
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
