"""What a detector found, kept in shards until all photos are done.

A run that was killed goes on where it stopped: photos of finished shards are not
decoded, nor looked at, again. A shard is named by what decided its rows (the
detector, what is kept, the photos in their order), so that one of other photos or
another model is never taken for it. Shards hold no ids of posts or people.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trendlab.errors import ImageRejected
from trendlab.vision.boxes import Detections, Suppression
from trendlab.vision.detector import Detector
from trendlab.vision.pipeline import Key, Wanted, find_in_photos

log = logging.getLogger(__name__)

# Photos a shard: about half a minute on a CPU is what a kill costs.
SHARD_PHOTOS = 500

_FLOATS = pa.list_(pa.float32())
_ROW = pa.schema(
    [
        pa.field("reason", pa.string()),  # why a photo was refused; null where not
        pa.field("boxes", _FLOATS),
        pa.field("scores", _FLOATS),
        pa.field("category_ids", pa.list_(pa.int64())),
        pa.field("features", _FLOATS),
        pa.field("people", _FLOATS),
        pa.field("people_scores", _FLOATS),
        pa.field("people_model", pa.string()),
        pa.field("width_px", pa.int64()),
        pa.field("height_px", pa.int64()),
        pa.field("sha256", pa.string()),
        pa.field("photo_hash", pa.string()),
    ]
)

Outcome = Detections | ImageRejected


@dataclass(frozen=True)
class Shards:
    """Where shards are kept.

    Parameters
    ----------
    folder : Path
        Theirs alone.
    model_key : str
        Checksum of all models that look.
    """

    folder: Path
    model_key: str

    def remove(self) -> None:
        """Remove them all, when what was found is safe elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)


def find_in_shards(
    photos: Sequence[Wanted[Key]],
    detector: Detector,
    *,
    shards: Shards | None,
    keep: Suppression | None = None,
    with_features: bool = False,
    workers: int = 2,
) -> Iterator[tuple[Key, Outcome]]:
    """Find garments in photos, going on from the shards of an earlier run.

    Parameters
    ----------
    photos : sequence of Wanted
    detector : Detector
    shards : Shards or None
        The caller removes them when what was found is safe; None keeps none.
    keep, with_features, workers
        As in `find_in_photos`.

    Yields
    ------
    (key, Detections or ImageRejected)
        In the order of `photos`.
    """
    if shards is None:
        yield from find_in_photos(
            photos, detector, keep=keep, with_features=with_features, workers=workers
        )
        return
    how = [shards.model_key, None if keep is None else asdict(keep), with_features]
    parts = [
        photos[start : start + SHARD_PHOTOS]
        for start in range(0, len(photos), SHARD_PHOTOS)
    ]
    paths = [shards.folder / f"{_name(how, part)}.parquet" for part in parts]
    done = 0
    for part, path in zip(parts, paths, strict=True):
        outcomes = _read(path, len(part))
        if outcomes is None:
            break
        done += 1
        yield from zip((one.key for one in part), outcomes, strict=True)
    if done:
        log.info("detect: %d of %d shards were done before", done, len(parts))
    left = itertools.chain.from_iterable(parts[done:])
    found = find_in_photos(
        left, detector, keep=keep, with_features=with_features, workers=workers
    )
    for part, path in zip(parts[done:], paths[done:], strict=True):
        kept: list[Outcome] = []
        for key, outcome in itertools.islice(found, len(part)):
            kept.append(outcome)
            if len(kept) == len(part):
                # before the last photo is given on: the caller may end there
                _write(path, kept)
            yield key, outcome


def _name(how: Sequence[Any], part: Iterable[Wanted[Key]]) -> str:
    """Return the checksum of a shard's photos and of how they are looked at."""
    told = hashlib.sha256(json.dumps([*how, _ROW.names]).encode())
    for one in part:
        told.update(_identity(one).encode() + b"\n")
    return told.hexdigest()[:32]


def _identity(photo: Wanted[Key]) -> str:
    """Tell a photo's content by its hash, or by what the disk says of its file."""
    if photo.sha256 is not None:
        return photo.sha256
    if isinstance(photo.content, bytes):
        return hashlib.sha256(photo.content).hexdigest()
    try:
        about = photo.content.stat()
    except OSError:
        return f"{photo.content} missing"
    return f"{photo.content} {about.st_size} {about.st_mtime_ns}"


def _write(path: Path, outcomes: Iterable[Outcome]) -> None:
    rows = [_row(one) for one in outcomes]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    pq.write_table(pa.Table.from_pylist(rows, _ROW), fresh)
    fresh.replace(path)


def _row(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, ImageRejected):
        return {"reason": str(outcome)}
    plain = {name: getattr(outcome, name) for name in _ROW.names if name != "reason"}
    return {
        name: value.ravel() if isinstance(value, np.ndarray) else value
        for name, value in plain.items()
    }


def _read(path: Path, count: int) -> list[Outcome] | None:
    """Return a shard's outcomes; None where it is not there or not whole."""
    try:
        rows = pq.read_table(path, schema=_ROW).to_pylist()
    except (OSError, pa.ArrowInvalid):
        return None
    return [_outcome(row) for row in rows] if len(rows) == count else None


def _outcome(row: dict[str, Any]) -> Outcome:
    if row["reason"] is not None:
        return ImageRejected(row["reason"])
    floats = {
        name: np.array(row[name], np.float32)
        for name in ("boxes", "scores", "features", "people", "people_scores")
    }
    count = len(floats["scores"])
    features = floats["features"].reshape(count, -1) if count else np.zeros((0, 0))
    return Detections(
        boxes=floats["boxes"].reshape(-1, 4),
        scores=floats["scores"],
        category_ids=np.array(row["category_ids"], np.int64),
        width_px=row["width_px"],
        height_px=row["height_px"],
        sha256=row["sha256"],
        photo_hash=row["photo_hash"],
        features=features.astype(np.float32),
        people=floats["people"].reshape(-1, 4),
        people_scores=floats["people_scores"],
        people_model=row["people_model"],
    )
