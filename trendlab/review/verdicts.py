"""Reads verdicts from Label Studio's JSON export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from scipy.optimize import linear_sum_assignment

from trendlab.errors import UnknownFormat
from trendlab.review.label_studio import region_id
from trendlab.schemas import TABLES

Row = dict[str, Any]
Box = tuple[float, float, float, float]

# A detection is right when it overlaps what is there by half: COCO's AP50, which
# the model card states.
RIGHT_BOX_IOU = 0.5
# A region drawn anew, without our id, is taken for the box that it overlaps at all.
SAME_GARMENT_IOU = 0.1


@dataclass(frozen=True)
class RefusedTask:
    """A task or annotation that could not be read: its place from 0, and why."""

    task_index: int
    reason: str
    detail: str


@dataclass(frozen=True)
class ImportedReviews:
    """What people said.

    Parameters
    ----------
    reviews : pyarrow.Table
        Schema `reviews`.
    refused : list of RefusedTask
        The others were read all the same.
    unreviewed_count : int
        Tasks that nobody has submitted yet.
    added_count : int
        Garments that reviewers drew and the detector had missed.
    """

    reviews: pa.Table
    refused: list[RefusedTask] = field(default_factory=list)
    unreviewed_count: int = 0
    added_count: int = 0


class _Garment(BaseModel):
    garment_index: int = Field(ge=0)
    category: str
    score: float = Field(ge=0, le=1)
    box: Box


class _Data(BaseModel):
    source: str
    post_id: str
    media_index: int = Field(ge=0)
    selected_by: Literal["uncertain", "disagreement", "alert", "random"]
    inclusion_probability: float | None = Field(ge=0, le=1)
    model_name: str
    model_version: str
    garments: list[_Garment]


class _Value(BaseModel):
    x: float
    y: float
    width: float
    height: float
    rectanglelabels: list[str] = Field(min_length=1)


class _Region(BaseModel):
    id: str = ""
    value: _Value


class _Annotation(BaseModel):
    result: list[Any]
    completed_by: int | str | dict[str, Any]
    created_at: datetime
    updated_at: datetime | None = None
    was_cancelled: bool = False


class _Task(BaseModel):
    data: _Data
    annotations: list[Any]


def import_label_studio(export_json: bytes | str) -> ImportedReviews:
    """Read Label Studio's JSON export.

    Parameters
    ----------
    export_json : bytes or str
        The format that Label Studio calls "JSON" (not JSON-MIN).

    Returns
    -------
    ImportedReviews
        One row per garment and reviewer; a reviewer's newest annotation of a photo
        counts. Sorted by key.

    Raises
    ------
    UnknownFormat
        If the file is not a JSON list.

    Notes
    -----
    A predicted box is `correct` where a region with its label overlaps it by half
    (IoU), `wrong_box` where the region was moved further, `wrong_category` where it
    has another label, and `not_a_garment` where it was deleted. Regions are matched
    by id, then by overlap. Skipped photos are refused, with that reason.
    """
    try:
        tasks: list[Any] = TypeAdapter(list[Any]).validate_json(export_json)
    except ValidationError:
        raise UnknownFormat(
            "expected Label Studio's JSON export, a list of tasks; export the project "
            "as JSON, not JSON-MIN, CSV or COCO"
        ) from None
    refused: list[RefusedTask] = []
    verdicts: dict[tuple[Any, ...], Row] = {}
    unreviewed = added = 0
    for index, raw in enumerate(tasks):
        try:
            task = _Task.model_validate(raw)
        except ValidationError as error:
            refused.append(RefusedTask(index, "task not understood", _why(error)))
            continue
        if not task.annotations:
            unreviewed += 1
        for entry in task.annotations:
            try:
                annotation = _Annotation.model_validate(entry)
                regions = _rectangles(annotation.result)
            except ValidationError as error:
                refused.append(
                    RefusedTask(index, "annotation not understood", _why(error))
                )
                continue
            if annotation.was_cancelled:
                refused.append(RefusedTask(index, "skipped by the reviewer", ""))
                continue
            rows, new = _judge(task.data, annotation, regions)
            added += new
            for row in rows:
                key = tuple(row[name] for name in TABLES["reviews"].key)
                before = verdicts.get(key)
                if before is None or before["reviewed_at"] <= row["reviewed_at"]:
                    verdicts[key] = row
    rows = [verdicts[key] for key in sorted(verdicts)]
    return ImportedReviews(
        TABLES["reviews"].from_rows(rows), refused, unreviewed, added
    )


def _why(error: ValidationError) -> str:
    """Name the first field that is wrong, without its value."""
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _rectangles(result: Sequence[Any]) -> list[_Region]:
    """Return the rectangles of an annotation; other regions are none of ours."""
    return [
        _Region.model_validate(region)
        for region in result
        if isinstance(region, Mapping) and region.get("type") == "rectanglelabels"
    ]


def _judge(
    data: _Data, annotation: _Annotation, regions: Sequence[_Region]
) -> tuple[list[Row], int]:
    """Return a verdict for each predicted garment, and how many were added."""
    moment = annotation.updated_at or annotation.created_at
    reviewed_at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    reviewed_at = reviewed_at.astimezone(UTC)
    matched = _match(data.garments, regions)
    rows = []
    for place, garment in enumerate(data.garments):
        region = matched.get(place)
        label = None
        if region is None:
            verdict = "not_a_garment"
        elif garment.category not in region.value.rectanglelabels:
            verdict, label = "wrong_category", region.value.rectanglelabels[0]
        elif _iou(garment.box, _box(region)) < RIGHT_BOX_IOU:
            verdict = "wrong_box"
        else:
            verdict = "correct"
        rows.append(
            {
                "day": reviewed_at.date(),
                "source": data.source,
                "post_id": data.post_id,
                "media_index": data.media_index,
                "garment_index": garment.garment_index,
                "category": garment.category,
                "verdict": verdict,
                "corrected_category": label,
                "score": garment.score,
                "selected_by": data.selected_by,
                "inclusion_probability": data.inclusion_probability,
                "reviewer": _reviewer(annotation.completed_by),
                "reviewed_at": reviewed_at,
                "model_name": data.model_name,
                "model_version": data.model_version,
            }
        )
    return rows, len(regions) - len(matched)


def _match(
    garments: Sequence[_Garment], regions: Sequence[_Region]
) -> dict[int, _Region]:
    """Pair garments with regions: by id, then by the greatest summed overlap."""
    # a copied prediction keeps its id, with the annotation's own behind a #
    by_id = {region.id.split("#")[0]: region for region in regions}
    matched = {
        place: by_id[region_id(garment.garment_index)]
        for place, garment in enumerate(garments)
        if region_id(garment.garment_index) in by_id
    }
    taken = {id(region) for region in matched.values()}
    free = [region for region in regions if id(region) not in taken]
    open_places = [place for place in range(len(garments)) if place not in matched]
    overlap = np.array(
        [[_iou(garments[p].box, _box(r)) for r in free] for p in open_places]
    ).reshape(len(open_places), len(free))
    for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
        if overlap[row, column] >= SAME_GARMENT_IOU:
            matched[open_places[row]] = free[column]
    return matched


def _box(region: _Region) -> Box:
    value = region.value
    return (value.x, value.y, value.width, value.height)


def _iou(one: Box, other: Box) -> float:
    """Return intersection over union of two boxes (x, y, width, height)."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    whole = one[2] * one[3] + other[2] * other[3] - shared
    return shared / whole if whole > 0 else 0.0


def _reviewer(completed_by: int | str | Mapping[str, Any]) -> str:
    if isinstance(completed_by, Mapping):
        for name in ("email", "username", "id"):
            if completed_by.get(name) not in (None, ""):
                return str(completed_by[name])
        return "unknown"
    return str(completed_by)
