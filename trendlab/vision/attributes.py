"""Attributes of garments as rows of `garment_tags`: colours, fine category, and more.

Colours come from the garment's own pixels: those that the class's silhouette and
the pixel classifier hold for the garment, so that skin, background and other
garments in the box weigh little. What goes beyond colours and fine categories
comes from models of the user's.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from trendlab.errors import ImageRejected
from trendlab.schemas import TABLES
from trendlab.vision.attribute_model import (
    FINE_CATEGORY,
    AttributeModel,
    Told,
    ask_in_turn,
)
from trendlab.vision.boxes import Canvas
from trendlab.vision.colours import Colour, find_colours, to_lab
from trendlab.vision.detect import Device, load_detector
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.garments import photo_path, stored_photos
from trendlab.vision.images import read_photo
from trendlab.vision.models import DEFAULT_TAGGER, load_card
from trendlab.vision.tagger import FineCategory, Tagger

log = logging.getLogger(__name__)

# The colour rows' model: the terms' boundaries, the rule of shares and which pixels
# count. Raised when one of them changes; in 2 silhouettes are their own class's.
COLOUR_MODEL = "basic-colour-terms"
COLOUR_VERSION = "2"

# Side of the sample that a garment's pixels are reduced to: 1,024 pixels give
# shares to within about 1 %.
SAMPLE_SIDE_PX = 32

# Photos in flight for each thread.
_AHEAD = 4

# Whose sleeves are seen where a look has one: those of what is worn under it are not,
# and models learn sleeves from the outermost garment.
OUTERWEAR = "outer"
SLEEVE = "sleeve"


@dataclass(frozen=True)
class Tags:
    """What is told of one garment: its colours, and one value of other attributes."""

    colours: list[Colour]
    told: list[Told]


def tag_canvas(
    canvas: Canvas,
    categories: Sequence[str],
    boxes: Floats,
    tagger: Tagger,
    detector: Detector | None,
    models: Sequence[AttributeModel] = (),
) -> list[Tags]:
    """Tell colours, fine category and what other models know of one photo's garments.

    Parameters
    ----------
    canvas : Canvas
    categories : sequence of str
    boxes : (n, 4) float32, photo pixels, x0 y0 x1 y1
    tagger : Tagger
    detector : Detector or None
        None, or one that the tagger was not fitted to, gives colours alone, from
        the silhouettes alone.
    models : sequence of AttributeModel
        Asked in turn. Where one of them tells fine categories, the tagger does not.
    """
    fits = detector is not None and tagger.fits(detector.card)
    neck: Sequence[Floats] = []
    if detector is not None and (fits or models):
        neck = detector.neck(canvas)
    told = ask_in_turn(models, canvas, categories, boxes, neck)
    cells = None
    if fits and neck:
        cells = tagger.classify_cells(neck)
        fine = tagger.classify_garments(categories, boxes, canvas, neck)
        for category, mine, kind in zip(categories, told, fine, strict=True):
            if kind is not None and not any(
                category in model.applies_to.get(FINE_CATEGORY, ()) for model in models
            ):
                mine.append(_as_told(kind, tagger))
    tags = []
    for category, box, mine in zip(categories, boxes, told, strict=True):
        weights, window = tagger.weigh_pixels(category, box, canvas, cells)
        tags.append(Tags(_colours_in(canvas.pixels[window], weights), mine))
    return tags


def _as_told(kind: FineCategory, tagger: Tagger) -> Told:
    card = tagger.card
    return Told(FINE_CATEGORY, kind.value, kind.confidence, card.name, card.version)


def _colours_in(pixels: np.ndarray[Any, Any], weights: Floats) -> list[Colour]:
    rows, columns = weights.shape
    size = (min(columns, SAMPLE_SIDE_PX), min(rows, SAMPLE_SIDE_PX))
    if size != (columns, rows):
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        weights = np.asarray(cv2.resize(weights, size, interpolation=cv2.INTER_AREA))
    return find_colours(to_lab(pixels).reshape(-1, 3), weights.ravel())


def tag_garments(
    garments: pa.Table,
    media: pa.Table,
    *,
    home: Path,
    run_id: str,
    detector: Detector | None = None,
    tagger: Tagger | None = None,
    models: Sequence[AttributeModel] = (),
    device: Device = "auto",
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Tell the attributes of garments found in stored photos.

    Parameters
    ----------
    garments : pyarrow.Table
        Schema `garments`.
    media : pyarrow.Table
        Schema `media`; garments of photos that are not stored are left out.
    home : Path
    run_id : str
    detector : Detector, optional
        Whose feature maps are read, whichever found the garments; the shipped
        one by default. One that the tagger was not fitted to gives colours only.
    tagger : Tagger, optional
        The shipped one by default.
    models : sequence of AttributeModel
        What else is asked, in turn; none by default.
    device : {"auto", "cpu", "cuda"}
        Where the shipped detector runs.
    workers : int
        Threads.
    progress : callable, optional
        Called with photos done and photos in all.

    Returns
    -------
    pyarrow.Table
        Schema `garment_tags`, sorted by key. `value_share` of a colour is its
        share of the garment's pixels; of what else is told, its confidence. Sleeves
        of garments under outerwear of the same look are left out.

    Raises
    ------
    ModelError
        If a model cannot read this detector.
    """
    started = time.monotonic()
    table = TABLES["garment_tags"]
    photos = {_key(row): row for row in stored_photos(media)}
    by_photo: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in garments.to_pylist():
        if _key(row) in photos:
            by_photo.setdefault(_key(row), []).append(row)
    if not by_photo:
        return table.empty()
    tagger = _shipped_tagger() if tagger is None else tagger
    detector = _shipped_detector(device, home) if detector is None else detector
    if not tagger.fits(detector.card):
        log.info(
            "tag: %s was fitted to another detector than %s; colours only",
            tagger.card.name,
            detector.card.name,
        )
    for model in models:
        model.check_detector(detector)
    size_px = detector.card.input_size_px

    def work(key: tuple[Any, ...]) -> list[dict[str, Any]]:
        rows = sorted(by_photo[key], key=lambda row: row["garment_index"])
        photo = read_photo(photo_path(photos[key]["path"], home), max_side_px=size_px)
        canvas = detector.prepare(photo)
        boxes = np.array(
            [
                (
                    r["x_px"],
                    r["y_px"],
                    r["x_px"] + r["width_px"],
                    r["y_px"] + r["height_px"],
                )
                for r in rows
            ],
            np.float32,
        )
        names = [row["category"] for row in rows]
        told = tag_canvas(canvas, names, boxes, tagger, detector, models)
        covered = {row["look_index"] for row in rows if row["category"] == OUTERWEAR}
        return [
            one
            for row, tags in zip(rows, told, strict=True)
            for one in sorted(_tag_rows(row, tags, run_id), key=_value_of)
            if one["attribute"] != SLEEVE
            or row["category"] == OUTERWEAR
            or row["look_index"] not in covered
        ]

    parts: list[pa.Table] = []
    missed = 0
    for done, future in enumerate(_run(work, sorted(by_photo), workers), 1):
        try:
            parts.append(table.from_rows(future.result()))
        except ImageRejected:
            # the detector has recorded it, or it changed since
            missed += 1
        if progress is not None:
            progress(done, len(by_photo))
    tagged = pa.concat_tables([table.empty(), *parts])
    log.info(
        "tag: %d garments in %d photos, %d photos unreadable, %d tags, %.1f s",
        sum(len(rows) for rows in by_photo.values()),
        len(by_photo),
        missed,
        tagged.num_rows,
        time.monotonic() - started,
    )
    return tagged


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["source"], row["post_id"], row["media_index"]


def _value_of(row: dict[str, Any]) -> tuple[str, str]:
    return row["attribute"], row["value"]


@lru_cache(maxsize=1)
def _shipped_tagger() -> Tagger:
    return Tagger(load_card(DEFAULT_TAGGER))


@lru_cache(maxsize=1)
def _shipped_detector(device: Device, home: Path) -> Detector:
    return load_detector(load_card(), device, cache=home / "models")


def _tag_rows(
    garment: dict[str, Any], tags: Tags, run_id: str
) -> Iterable[dict[str, Any]]:
    keys = ("day", "source", "post_id", "media_index", "garment_index", "category")
    place = {key: garment[key] for key in keys} | {"run_id": run_id}
    for rank, colour in enumerate(tags.colours):
        lightness, a, b = (round(value, 2) for value in colour.lab)
        yield {
            **place,
            "attribute": "colour",
            "value": colour.name,
            "value_rank": rank,
            "value_share": round(min(1.0, colour.share), 4),
            "lab_l": lightness,
            "lab_a": a,
            "lab_b": b,
            "model_name": COLOUR_MODEL,
            "model_version": COLOUR_VERSION,
        }
    for one in tags.told:
        yield {
            **place,
            "attribute": one.attribute,
            "value": one.value,
            "value_rank": 0,
            "value_share": round(min(1.0, one.confidence), 4),
            "model_name": one.model_name,
            "model_version": one.model_version,
        }


def _run(
    work: Callable[[Any], Any], keys: Sequence[Any], workers: int
) -> Iterator[Future[Any]]:
    """Run work on each key in threads; give the futures in order, a few ahead."""
    with ThreadPoolExecutor(workers, "tag") as threads:
        ahead: deque[Future[Any]] = deque()
        for key in keys:
            ahead.append(threads.submit(work, key))
            if len(ahead) >= _AHEAD * workers:
                yield ahead.popleft()
        while ahead:
            yield ahead.popleft()
