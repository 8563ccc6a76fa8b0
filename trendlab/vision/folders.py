"""Detection on a folder of photos, streamed as COCO results."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trendlab.errors import ImageRejected, VisionError
from trendlab.vision.boxes import Detections, Suppression
from trendlab.vision.detector import Detector
from trendlab.vision.pipeline import Wanted
from trendlab.vision.shards import Shards, find_in_shards

log = logging.getLogger(__name__)

# Lowest score in results for measuring average precision; below it only time grows.
MEASURING_FLOOR = 0.001

# Most detections a photo in results for measuring, as COCO and VOC tools expect.
MEASURING_COUNT = 300

# Only these endings are looked at in a folder; what the files are is told from
# their content.
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def list_photos(folder: Path) -> list[Path]:
    """Return the photo files in a folder and below it, sorted by path.

    Raises
    ------
    VisionError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise VisionError(f"no folder of photos at {folder}")
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PHOTO_ENDINGS and path.is_file()
    )


class FolderRun:
    """Garments of every photo in a folder, as COCO results, found while iterated.

    Parameters
    ----------
    folder : Path
    detector : Detector
    keep : Suppression
    workers : int
        Threads that decode.
    image_ids : mapping of str to int
        COCO image ids by file name, added to the results where given.
    shards : Shards or None
        Where a run that was killed goes on from; the caller removes them.
    progress : callable or None
        Called with photos done and photos in all.

    Attributes
    ----------
    images_count : int
        Photos in the folder.
    failures : list of dict
        file_name and reason of each photo that could not be used, so far.
    """

    def __init__(
        self,
        folder: Path,
        detector: Detector,
        keep: Suppression,
        workers: int,
        image_ids: Mapping[str, int],
        shards: Shards | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._folder, self._detector, self._keep = folder, detector, keep
        self._shards = shards
        self._workers, self._image_ids, self._progress = workers, image_ids, progress
        paths = list_photos(folder)
        self.images_count = len(paths)
        # a name that is no text has no place in JSON
        self._paths = [path for path in paths if _is_text(path)]
        self._unnamed = [path for path in paths if not _is_text(path)]
        self.failures: list[dict[str, str]] = []

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give one result after the other, photo by photo, by falling score."""
        started = time.monotonic()
        self.failures[:] = [
            {
                "file_name": os.fsencode(path.relative_to(self._folder)).decode(
                    errors="backslashreplace"
                ),
                "reason": "name is not UTF-8",
            }
            for path in self._unnamed
        ]
        found_count = 0
        wanted = [
            Wanted(path.relative_to(self._folder).as_posix(), path)
            for path in self._paths
        ]
        outcomes = find_in_shards(
            wanted,
            self._detector,
            shards=self._shards,
            keep=self._keep,
            workers=self._workers,
        )
        for done, (file_name, outcome) in enumerate(outcomes, 1 + len(self._unnamed)):
            if isinstance(outcome, ImageRejected):
                self.failures.append({"file_name": file_name, "reason": str(outcome)})
            else:
                found_count += len(outcome)
                classes = self._detector.card.classes
                yield from _coco_results(file_name, outcome, classes, self._image_ids)
            if self._progress is not None:
                self._progress(done, self.images_count)
        log.info(
            "detect folder: %d photos, %d failed, %d garments, %.1f s",
            self.images_count,
            len(self.failures),
            found_count,
            time.monotonic() - started,
        )

    @property
    def results(self) -> list[dict[str, Any]]:
        """All results at once, for folders that fit in memory."""
        return list(self)


def _is_text(path: Path) -> bool:
    """Tell whether a path's bytes are UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def detect_folder(
    folder: Path,
    detector: Detector,
    *,
    min_score: float = MEASURING_FLOOR,
    max_count: int = MEASURING_COUNT,
    workers: int = 2,
    image_ids: Mapping[str, int] | None = None,
    shards: Shards | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FolderRun:
    """Find garments in every photo of a folder, as COCO results.

    Parameters
    ----------
    folder : Path
    detector : Detector
    min_score : float
        Floor of the scores; low by default, so that average precision can be
        measured. Trend counting uses the card's thresholds instead.
    max_count : int
        Most results a photo.
    workers : int
        Threads that decode.
    image_ids : mapping of str to int, optional
    shards : Shards, optional
        Where a run that was killed goes on from; the caller removes them.
    progress : callable, optional

    Returns
    -------
    FolderRun
        Iterate it for dicts of file_name (path below the folder), category_id,
        category, bbox (x, y, width, height in pixels of the upright photo), score,
        and image_id if known. Nothing is held: memory does not grow with the folder.
    """
    keep = Suppression(
        min_scores=(min_score,) * len(detector.card.classes),
        iou=detector.card.nms_iou,
        max_count=max_count,
        is_multi_label=True,
    )
    return FolderRun(folder, detector, keep, workers, image_ids or {}, shards, progress)


def _coco_results(
    file_name: str,
    found: Detections,
    classes: Sequence[str],
    image_ids: Mapping[str, int],
) -> Iterator[dict[str, Any]]:
    for box, score, category_id in zip(
        found.boxes.tolist(),
        found.scores.tolist(),
        found.category_ids.tolist(),
        strict=True,
    ):
        x0, y0, x1, y1 = box
        result: dict[str, Any] = {
            "file_name": file_name,
            "category_id": category_id,
            "category": classes[category_id],
            "bbox": [round(v, 2) for v in (x0, y0, x1 - x0, y1 - y0)],
            "score": round(score, 5),
        }
        if file_name in image_ids:
            result["image_id"] = image_ids[file_name]
        yield result


def write_coco_results(results: Iterable[dict[str, Any]], path: Path) -> int:
    """Write COCO results as one JSON list, streaming; return how many.

    Notes
    -----
    The file appears whole or not at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")
    count = 0
    with fresh.open("w", encoding="utf-8") as file:
        file.write("[")
        for count, result in enumerate(results, 1):
            file.write(",\n" if count > 1 else "\n")
            file.write(json.dumps(result))
        file.write("\n]\n")
    fresh.replace(path)
    return count
