"""Decode, fit, batch and detect at the same time, in order, in bounded memory.

Threads decode ahead of the detector; photos of equal shape share a batch; a
photo that cannot be used comes out as its reason, in its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from trendlab.errors import ImageRejected
from trendlab.vision.boxes import Canvas, Detections, Suppression
from trendlab.vision.detector import Detector
from trendlab.vision.images import read_photo

Key = TypeVar("Key")

# Photos in flight for each photo that the detector works on at once: enough that
# neither side waits, few enough that memory stays flat (a canvas has 1 MB).
AHEAD = 8


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
    is_taken: bool = False


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
        while unread and (not first.is_taken or unread[0].canvas.done()):
            _take(unread, batches)
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
        _feed_until(first.found, unread, batches)
        yield first.wanted.key, first.found.result()[first.position]


def _take(unread: deque[_Slot[Key]], batches: _Batches[Key]) -> None:
    """Wait for the next photo's decoding and put it into a batch."""
    slot = unread.popleft()
    slot.is_taken = True
    if slot.canvas.exception() is None:
        batches.add(slot)


def _feed_until(
    found: Future[list[Detections]], unread: deque[_Slot[Key]], batches: _Batches[Key]
) -> None:
    """Hand on photos as they are decoded, until `found` is there.

    A detector of two lanes would otherwise look at one photo after the other.
    """
    while unread and not found.done():
        either: tuple[Future[Any], ...] = (found, unread[0].canvas)
        wait(either, return_when=FIRST_COMPLETED)
        while unread and unread[0].canvas.done():
            _take(unread, batches)


def _gather(
    unread: deque[_Slot[Key]], batches: _Batches[Key], first: _Slot[Key]
) -> None:
    """Read ahead until the batch of `first` is full or the window is read."""
    while first.found is None and unread:
        _take(unread, batches)
    if first.found is None and first.shape is not None:
        batches.flush(first.shape)
