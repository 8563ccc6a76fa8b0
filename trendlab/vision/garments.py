"""From rows of `media` to rows of `garments`, `looks` and `vision_failures`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trendlab.errors import ImageRejected
from trendlab.schemas import TABLES
from trendlab.vision.boxes import Detections
from trendlab.vision.copies import KEY, group_copies
from trendlab.vision.detector import Detector
from trendlab.vision.looks import Look, look_indexes, tell_looks
from trendlab.vision.pipeline import Wanted
from trendlab.vision.shards import Shards, find_in_shards

log = logging.getLogger(__name__)

# Photos a chunk of rows: bounds what is held as Python objects before it becomes
# Arrow.
_CHUNK_PHOTOS = 2000


@dataclass(frozen=True)
class Found:
    """What was found in photos.

    Parameters
    ----------
    garments, looks, failures : pyarrow.Table
        With the schemas `garments`, `looks` and `vision_failures`.
    """

    garments: pa.Table
    looks: pa.Table
    failures: pa.Table


def photo_path(path: str, home: Path) -> Path:
    """Return where a media row's bytes are; relative paths are under the home."""
    return home / path


def stored_photos(media: pa.Table) -> list[dict[str, Any]]:
    """Return the media rows whose bytes are here, by key."""
    rows: list[dict[str, Any]] = media.select(
        ["day", "source", "post_id", "media_index", "path", "sha256", "status"]
    ).to_pylist()
    stored = [row for row in rows if row["status"] == "stored" and row["path"]]
    return sorted(stored, key=lambda r: (r["source"], r["post_id"], r["media_index"]))


def find_garments(
    media: pa.Table,
    detector: Detector,
    *,
    home: Path,
    run_id: str,
    workers: int = 2,
    shards: Shards | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Found:
    """Find the garments in stored photos.

    Parameters
    ----------
    media : pyarrow.Table
        Schema `media`; rows whose status is not `stored` are left out.
    detector : Detector
    home : Path
        Data folder that relative paths are under.
    run_id : str
    workers : int
        Threads that decode.
    shards : Shards, optional
        Where what was found is kept until the caller has it safe, so that a run that
        was killed goes on where it stopped.
    progress : callable, optional
        Called with photos done and photos in all.

    Returns
    -------
    Found
        Sorted by key. A photo that cannot be used is one row of failures and
        nothing else. A photo without garments has no look.

    Notes
    -----
    A look is a person with at least one garment (`look_kind` = person), where the
    detector tells people; garments on nobody, and all where nobody is told, are one
    more look, the photo's (`look_kind` = photo). Of photos that are copies of each
    other the looks of all but the first by key are marked as duplicates.
    """
    started = time.monotonic()
    photos = stored_photos(media)
    wanted = [
        Wanted(row, photo_path(row["path"], home), row["sha256"]) for row in photos
    ]
    garments: list[dict[str, Any]] = []
    looks: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    tables: dict[str, list[pa.Table]] = {"garments": [], "looks": []}
    seen: set[str] = set()
    results = find_in_shards(
        wanted, detector, shards=shards, with_features=True, workers=workers
    )
    for done, (row, outcome) in enumerate(results, 1):
        place = {key: row[key] for key in ("day", "source", "post_id", "media_index")}
        place["run_id"] = run_id
        if isinstance(outcome, ImageRejected):
            failures.append({**place, "reason": str(outcome)})
        elif len(outcome):
            place["model_name"] = detector.card.name
            place["model_version"] = detector.card.version
            worn = tell_looks(outcome)
            look_of = look_indexes(worn, len(outcome))
            garments.extend(
                _garment_rows(place, outcome, look_of, detector.card.classes)
            )
            is_duplicate = outcome.sha256 in seen
            looks.extend(_look_rows(place, outcome, worn, is_duplicate))
            seen.add(outcome.sha256)
        if done % _CHUNK_PHOTOS == 0:
            _drain(tables, {"garments": garments, "looks": looks})
        if progress is not None:
            progress(done, len(photos))
    _drain(tables, {"garments": garments, "looks": looks})
    found = Found(
        pa.concat_tables(tables["garments"]),
        mark_copies(pa.concat_tables(tables["looks"])),
        TABLES["vision_failures"].from_rows(failures),
    )
    log.info(
        "detect: %d photos, %d garments, %d looks, %d failures, %.1f s",
        len(photos),
        found.garments.num_rows,
        found.looks.num_rows,
        found.failures.num_rows,
        time.monotonic() - started,
    )
    return found


def _drain(
    tables: Mapping[str, list[pa.Table]], rows: Mapping[str, list[dict[str, Any]]]
) -> None:
    for name, mine in rows.items():
        tables[name].append(TABLES[name].from_rows(mine))
        mine.clear()


def _garment_rows(
    place: Mapping[str, Any],
    found: Detections,
    look_of: npt.NDArray[np.int64],
    classes: tuple[str, ...],
) -> Iterable[dict[str, Any]]:
    for index in range(len(found)):
        x0, y0, x1, y1 = (round(float(v), 2) for v in found.boxes[index])
        category_id = int(found.category_ids[index])
        yield {
            **place,
            "garment_index": index,
            "look_index": int(look_of[index]),
            "category_id": category_id,
            "category": classes[category_id],
            "score": round(float(found.scores[index]), 5),
            "x_px": x0,
            "y_px": y0,
            "width_px": round(x1 - x0, 2),
            "height_px": round(y1 - y0, 2),
            "image_width_px": found.width_px,
            "image_height_px": found.height_px,
        }


def mark_copies(looks: pa.Table) -> pa.Table:
    """Return looks with `is_duplicate` set for all copies of a photo but the first.

    Parameters
    ----------
    looks : pyarrow.Table
        Schema `looks`, sorted by key.
    """
    groups = group_copies(looks).to_pylist()
    group_of = {tuple(row[name] for name in KEY): row["group_id"] for row in groups}
    seen: dict[int, tuple[Any, ...]] = {}
    marks = looks["is_duplicate"].to_pylist()
    keys = zip(*(looks[name].to_pylist() for name in KEY), strict=True)
    for position, key in enumerate(keys):
        group = group_of.get(key)
        if group is not None and seen.setdefault(group, key) != key:
            marks[position] = True
    column = looks.schema.get_field_index("is_duplicate")
    return looks.set_column(
        column, looks.schema.field(column), pa.array(marks, pa.bool_())
    )


def _look_rows(
    place: Mapping[str, Any],
    found: Detections,
    looks: Sequence[Look],
    is_duplicate: bool,
) -> Iterable[dict[str, Any]]:
    for index, look in enumerate(looks):
        row = {
            **place,
            "look_index": index,
            "look_kind": "photo" if look.person is None else "person",
            "garments_count": len(look.garments),
            "style": None,
            "vector": look.vector(found),
            "is_duplicate": is_duplicate,
            "photo_hash": found.photo_hash or None,
        }
        if look.person is not None:
            score = float(found.people_scores[look.person])
            row["person_score"] = round(score, 5)
            row["people_model"] = found.people_model
        yield row
