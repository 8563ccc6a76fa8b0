"""Decode, fit, batch and detect at the same time, in order, in bounded memory.

Threads decode ahead of the detector; photos of equal shape share a batch; a
photo that cannot be used comes out as its reason, in its place.
"""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from trendlab.errors import ImageRejected, VisionError
from trendlab.vision.boxes import Canvas, Detections, Suppression
from trendlab.vision.detector import Detector
from trendlab.vision.images import read_photo

log = logging.getLogger(__name__)

Key = TypeVar("Key")

# Photos in flight for each photo that the detector works on at once: enough that
# neither side waits, few enough that memory stays flat (a canvas has 1 MB).
AHEAD = 8

# Lowest score in results for measuring average precision; below it only time grows.
MEASURING_FLOOR = 0.001

# Most detections a photo in results for measuring, as COCO and VOC tools expect.
MEASURING_COUNT = 300

# Only these endings are looked at in a folder; what the files are is told from
# their content.
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Wanted(Generic[Key]):
    """A photo to look at: the caller's key, its bytes or file, its hash if known."""

    key: Key
    content: Path | bytes
    sha256: str | None = None


@dataclass
class _Slot(Generic[Key]):
    wanted: Wanted[Key]
    canvas: Future[Canvas]
    shape: tuple[int, int] | None = None
    found: Future[list[Detections]] | None = None
    position: int = 0


@dataclass
class _Batches(Generic[Key]):
    """Slots that wait for company, by canvas shape."""

    run: Callable[[Sequence[Canvas]], Future[list[Detections]]]
    size: int
    waiting: dict[tuple[int, int], list[_Slot[Key]]] = field(default_factory=dict)

    def add(self, slot: _Slot[Key]) -> None:
        shape = slot.canvas.result().shape
        slot.shape = shape
        self.waiting.setdefault(shape, []).append(slot)
        if len(self.waiting[shape]) >= self.size:
            self.flush(shape)

    def flush(self, shape: tuple[int, int]) -> None:
        slots = self.waiting.pop(shape, [])
        if slots:
            found = self.run([slot.canvas.result() for slot in slots])
            for position, slot in enumerate(slots):
                slot.found, slot.position = found, position


def find_in_photos(
    photos: Iterable[Wanted[Key]],
    detector: Detector,
    *,
    keep: Suppression | None = None,
    with_features: bool = False,
    workers: int = 2,
) -> Iterator[tuple[Key, Detections | ImageRejected]]:
    """Find garments in a stream of photos.

    Parameters
    ----------
    photos : iterable of Wanted
    detector : Detector
    keep : Suppression, optional
        The card's thresholds by default.
    with_features : bool
        Pool the appearance of each garment too.
    workers : int
        Threads that decode.

    Yields
    ------
    (key, Detections or ImageRejected)
        In the order of `photos`.
    """
    size_px = detector.card.input_size_px

    def read(wanted: Wanted[Key]) -> Canvas:
        photo = read_photo(
            wanted.content, max_side_px=size_px, expected_sha256=wanted.sha256
        )
        return detector.prepare(photo)

    with (
        ThreadPoolExecutor(workers, "decode") as readers,
        ThreadPoolExecutor(detector.lanes_count, "detect") as finders,
    ):
        batches = _Batches[Key](
            lambda canvases: finders.submit(
                detector.find, canvases, keep, with_features=with_features
            ),
            detector.batch_count,
        )
        yield from _in_order(
            photos,
            lambda wanted: readers.submit(read, wanted),
            batches,
            AHEAD * detector.batch_count * detector.lanes_count,
        )


def _in_order(
    photos: Iterable[Wanted[Key]],
    read: Callable[[Wanted[Key]], Future[Canvas]],
    batches: _Batches[Key],
    window: int,
) -> Iterator[tuple[Key, Detections | ImageRejected]]:
    """Keep `window` photos in flight and give results in order."""
    source = iter(photos)
    unread: deque[_Slot[Key]] = deque()
    unfinished: deque[_Slot[Key]] = deque()
    is_open = True
    while True:
        while is_open and len(unfinished) < window:
            wanted = next(source, None)
            if wanted is None:
                is_open = False
                break
            slot = _Slot(wanted, read(wanted))
            unread.append(slot)
            unfinished.append(slot)
        if not unfinished:
            return
        first = unfinished[0]
        while unread and (first.found is None or unread[0].canvas.done()):
            slot = unread.popleft()
            if slot.canvas.exception() is None:
                batches.add(slot)
            if slot is first:
                break
        unfinished.popleft()
        refused = first.canvas.exception()
        if refused is not None:
            if not isinstance(refused, ImageRejected):
                raise refused
            yield first.wanted.key, refused
            continue
        if first.found is None:
            assert first.shape is not None
            _gather(unread, batches, first)
        assert first.found is not None
        yield first.wanted.key, first.found.result()[first.position]


def _gather(
    unread: deque[_Slot[Key]], batches: _Batches[Key], first: _Slot[Key]
) -> None:
    """Read ahead until the batch of `first` is full or the window is read."""
    while first.found is None and unread:
        slot = unread.popleft()
        if slot.canvas.exception() is None:
            batches.add(slot)
    if first.found is None and first.shape is not None:
        batches.flush(first.shape)


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
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._folder, self._detector, self._keep = folder, detector, keep
        self._workers, self._image_ids, self._progress = workers, image_ids, progress
        self._paths = list_photos(folder)
        self.images_count = len(self._paths)
        self.failures: list[dict[str, str]] = []

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give one result after the other, photo by photo, by falling score."""
        started = time.monotonic()
        self.failures.clear()
        found_count = 0
        wanted = (
            Wanted(path.relative_to(self._folder).as_posix(), path)
            for path in self._paths
        )
        outcomes = find_in_photos(
            wanted, self._detector, keep=self._keep, workers=self._workers
        )
        for done, (file_name, outcome) in enumerate(outcomes, 1):
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


def detect_folder(
    folder: Path,
    detector: Detector,
    *,
    min_score: float = MEASURING_FLOOR,
    max_count: int = MEASURING_COUNT,
    workers: int = 2,
    image_ids: Mapping[str, int] | None = None,
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
    return FolderRun(folder, detector, keep, workers, image_ids or {}, progress)


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
