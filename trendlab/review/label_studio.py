"""Writes chosen photos with their predicted boxes as Label Studio tasks."""

from __future__ import annotations

import base64
import mimetypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pyarrow as pa

from trendlab.errors import SettingsError

Row = dict[str, Any]

LABEL_TAG, IMAGE_TAG = "label", "image"


@dataclass(frozen=True)
class LabelStudioExport:
    """What Label Studio needs.

    Parameters
    ----------
    tasks : list of dict
        To import as JSON.
    labelling_config : str
        XML of the labelling interface.
    document_root : Path or None
        LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT to start it with; None where the
        photos are inside the tasks.
    """

    tasks: list[Row]
    labelling_config: str
    document_root: Path | None


def export_label_studio(
    selection: pa.Table,
    *,
    home: Path,
    categories: Sequence[str] = (),
    images: Literal["local-files", "embedded"] = "local-files",
    document_root: Path | None = None,
    read_bytes: Callable[[Path], bytes] = Path.read_bytes,
) -> LabelStudioExport:
    """Write chosen photos as Label Studio tasks with predicted boxes.

    Parameters
    ----------
    selection : pyarrow.Table
        Of `select_for_review`.
    home : Path
        Data folder that relative paths are under.
    categories : sequence of str
        Classes to offer, in order; those of the selection are added.
    images : {"local-files", "embedded"}
        `local-files` names the files below `document_root`, which Label Studio
        must be started with; `embedded` puts the photos into the tasks.
    document_root : Path or None
        The folder that holds all chosen photos when not given.
    read_bytes : callable
        Reads a photo, for `embedded`.

    Returns
    -------
    LabelStudioExport
        One task per photo.

    Raises
    ------
    SettingsError
        If a photo lies outside `document_root`.
    """
    photos: dict[tuple[str, str, int], list[Row]] = {}
    for row in selection.to_pylist():
        key = (row["source"], row["post_id"], row["media_index"])
        photos.setdefault(key, []).append(row)
    paths = {key: (home / rows[0]["path"]).absolute() for key, rows in photos.items()}
    if images == "embedded":
        document_root = None
    elif document_root is None:
        folders = [path.parent for path in paths.values()]
        document_root = Path(os.path.commonpath(folders)) if folders else home
    tasks = []
    for key, rows in sorted(photos.items()):
        if document_root is None:
            kind = mimetypes.guess_type(paths[key].name)[0] or "image/jpeg"
            content = base64.b64encode(read_bytes(paths[key])).decode()
            address = f"data:{kind};base64,{content}"
        else:
            below = _below(paths[key], document_root)
            address = f"/data/local-files/?d={quote(below.as_posix())}"
        tasks.append(_task(address, rows))
    offered = [
        *categories,
        *sorted({r["category"] for rs in photos.values() for r in rs}),
    ]
    return LabelStudioExport(
        tasks, _labelling_config(list(dict.fromkeys(offered))), document_root
    )


def _below(path: Path, document_root: Path) -> Path:
    try:
        return path.relative_to(document_root.absolute())
    except ValueError:
        raise SettingsError(
            f"Label Studio's document root {document_root} does not hold the photo "
            f"{path}: choose a folder above all photos, or embed them"
        ) from None


def _task(address: str, rows: Sequence[Row]) -> Row:
    first = rows[0]
    garments = [
        {
            "garment_index": row["garment_index"],
            "category": row["category"],
            "score": row["score"],
            "box": _percent_box(row),
        }
        for row in rows
    ]
    return {
        "data": {
            IMAGE_TAG: address,
            "source": first["source"],
            "post_id": first["post_id"],
            "media_index": first["media_index"],
            "selected_by": first["selected_by"],
            "inclusion_probability": first["inclusion_probability"],
            "model_name": first["model_name"],
            "model_version": first["model_version"],
            "garments": garments,
        },
        "predictions": [
            {
                "model_version": f"{first['model_name']} {first['model_version']}",
                "score": min(row["score"] for row in rows),
                "result": [_region(row) for row in rows],
            }
        ],
    }


def _percent_box(row: Row) -> list[float]:
    width, height = row["image_width_px"], row["image_height_px"]
    box = (
        100 * row["x_px"] / width,
        100 * row["y_px"] / height,
        100 * row["width_px"] / width,
        100 * row["height_px"] / height,
    )
    return [round(edge, 4) for edge in box]


def _region(row: Row) -> Row:
    x, y, width, height = _percent_box(row)
    return {
        "id": region_id(row["garment_index"]),
        "type": "rectanglelabels",
        "from_name": LABEL_TAG,
        "to_name": IMAGE_TAG,
        "original_width": row["image_width_px"],
        "original_height": row["image_height_px"],
        "image_rotation": 0,
        "score": row["score"],
        "value": {
            "x": x,
            "y": y,
            "width": width,
            "height": height,
            "rotation": 0,
            "rectanglelabels": [row["category"]],
        },
    }


def region_id(garment_index: int) -> str:
    """Return the id of a garment's region, by which its verdict is found."""
    return f"garment-{garment_index}"


def _labelling_config(categories: Sequence[str]) -> str:
    labels = "\n".join(f"    <Label value={quoteattr(c)}/>" for c in categories)
    return (
        "<View>\n"
        f'  <Image name="{IMAGE_TAG}" value="${IMAGE_TAG}" zoom="true"/>\n'
        f'  <RectangleLabels name="{LABEL_TAG}" toName="{IMAGE_TAG}">\n'
        f"{labels}\n"
        "  </RectangleLabels>\n"
        "</View>\n"
    )
