"""Several looks at one photo, averaged: other sizes, mirrored, other networks.

A network errs differently at another size and in a mirror, and another network errs
differently still; what they agree on is likelier there. Each pass costs what a photo
costs at its size, so a card says which it takes, and the shipped `garments-fast`
takes none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trendlab.errors import ModelError, SettingsError
from trendlab.vision.boxes import Candidates, Canvas, Detections, Suppression, shrink
from trendlab.vision.detect import describe
from trendlab.vision.detector import Floats
from trendlab.vision.images import Photo
from trendlab.vision.models import ModelCard, Pass, load_card
from trendlab.vision.rescoring import Rescorer

# Boxes of one class from several passes that overlap more are one garment; the value
# of the paper.
FUSION_IOU = 0.55

# Score from which a pass's box enters the average. What lies below moves no average
# by more.
FLOOR = 0.005


def card_of(one: Pass, card: ModelCard) -> ModelCard:
    """Read the card of a pass that another network makes.

    Raises
    ------
    ModelError
        If it is not beside the card, has other classes or other weights than those
        that were averaged when thresholds were chosen.
    """
    path = card.folder / f"{one.card}.json"
    try:
        other = load_card(path)
    except SettingsError:
        raise ModelError(
            f"{card.name} {card.version} averages with {one.card}; expected its card "
            f"at {path}"
        ) from None
    if other.classes != card.classes:
        raise ModelError(
            f"{card.name} {card.version} averages with {one.card}; expected its "
            f"classes {list(card.classes)}, got {list(other.classes)}"
        )
    if other.sha256 != one.sha256:
        raise ModelError(
            f"{card.name} {card.version} averages with {one.card} of sha256 "
            f"{one.sha256[:12]}…, got {other.sha256[:12]}…; export the card again"
        )
    return other


class Network(Protocol):
    """What a pass needs of a network; `YoloDetector` is one."""

    card: ModelCard
    lanes_count: int
    batch_count: int

    def prepare(self, photo: Photo) -> Canvas:
        """Fit a photo to the card's input size."""
        ...

    def look(
        self, canvases: Sequence[Canvas], keep: Suppression, *, with_neck: bool
    ) -> tuple[list[Candidates], list[Floats]]:
        """Find boxes in canvas pixels, with the maps that they were decided from."""
        ...

    def neck(self, canvas: Canvas) -> list[Floats]:
        """Return the maps that the head reads, finest first."""
        ...


class PassesDetector:
    """A detector that looks at each photo several times.

    Parameters
    ----------
    main : Network
        Its card lists the passes; appearance is that of its plain look.
    others : mapping of str to Network
        The networks of passes that are not the main one's, by card.
    rescorer : Rescorer, optional
        Looks at each averaged box again.
    """

    def __init__(
        self,
        main: Network,
        others: Mapping[str, Network],
        rescorer: Rescorer | None = None,
    ) -> None:
        self.card = main.card
        self.lanes_count = main.lanes_count
        self.batch_count = main.batch_count
        self._main = main
        self._looks = [(others.get(one.card, main), one) for one in self.card.passes]
        self._rescorer = rescorer
        self._counting = Suppression(self.card.thresholds, self.card.nms_iou)

    def prepare(self, photo: Photo) -> Canvas:
        """Fit a photo to the card's input size."""
        return self._main.prepare(photo)

    def find(
        self,
        canvases: Sequence[Canvas],
        keep: Suppression | None = None,
        *,
        with_features: bool = False,
    ) -> list[Detections]:
        """Find garments on canvases of one shape.

        Parameters
        ----------
        canvases : sequence of Canvas
        keep : Suppression, optional
            The card's thresholds by default; they hold for the averages.
        with_features : bool
            Pool the appearance of each garment too.
        """
        if not canvases:
            return []
        keep = self._counting if keep is None else keep
        loose = dataclasses.replace(keep, min_scores=(FLOOR,) * len(self.card.classes))
        if self._rescorer is not None:
            # which class a place has is told by the new scores
            loose = dataclasses.replace(loose, is_multi_label=True)
        plain, neck = self._main.look(canvases, loose, with_neck=with_features)
        found = [plain]
        for network, one in self._looks:
            views = [_view(canvas, one) for canvas in canvases]
            looked, _ = network.look(views, loose, with_neck=False)
            found.append(
                [
                    _back(view, boxes, one)
                    for view, boxes in zip(views, looked, strict=True)
                ]
            )
        fused = [
            fuse(mine, keep if self._rescorer is None else loose)
            for mine in zip(*found, strict=True)
        ]
        if self._rescorer is not None:
            fused = self._rescorer.rescore(canvases, fused, keep)
        return [
            describe(canvas, mine, neck, index)
            for index, (canvas, mine) in enumerate(zip(canvases, fused, strict=True))
        ]

    def neck(self, canvas: Canvas) -> list[Floats]:
        """Return the maps of the main network's plain look."""
        return self._main.neck(canvas)


def _view(canvas: Canvas, one: Pass) -> Canvas:
    """Return a canvas as a pass sees it; its boxes are lifted to canvas pixels."""
    view = shrink(canvas, one.size_px)
    if not one.is_mirrored:
        return view
    pixels = np.ascontiguousarray(view.pixels[:, ::-1])
    padded = view.shape[1] - round(view.width_px * view.scale_x)
    return dataclasses.replace(view, pixels=pixels, left_px=padded - view.left_px)


def _back(view: Canvas, found: Candidates, one: Pass) -> Candidates:
    """Take a pass's boxes back to the pixels of the canvas that it looked at."""
    boxes, scores, classes = found
    lifted = view.lift(boxes)
    if one.is_mirrored:
        lifted[:, [0, 2]] = view.width_px - lifted[:, [2, 0]]
    return lifted, scores, classes


def fuse(found: Sequence[Candidates], keep: Suppression) -> Candidates:
    """Average the boxes of several passes over one photo.

    Boxes of a class that overlap by more than `FUSION_IOU` are one: their mean,
    weighed by score, with the mean score over all passes, so that what one pass alone
    sees counts the less.

    Parameters
    ----------
    found : sequence of Candidates
        One a pass, in pixels of one canvas.
    keep : Suppression
        Lowest averages per class, and the most garments.

    References
    ----------
    Solovyev, Wang and Gabruseva (2021), Weighted boxes fusion. Their package
    (ensemble-boxes) has had no release since 2022 and wants numba, which takes longer
    to load than a folder of photos to look at.
    """
    boxes, scores, classes = (
        np.concatenate(parts) for parts in zip(*found, strict=True)
    )
    passes = np.repeat(np.arange(len(found)), [len(one[1]) for one in found])
    floors = np.array(keep.min_scores, np.float32)
    fused: list[tuple[Floats, Floats, npt.NDArray[np.int64]]] = []
    for category_id in np.unique(classes):
        mine = np.flatnonzero(classes == category_id)
        mine = mine[np.argsort(-scores[mine], kind="stable")]
        means, averages = _fuse_class(
            boxes[mine], scores[mine], passes[mine], len(found)
        )
        kept = averages >= floors[category_id]
        named = np.full(int(kept.sum()), category_id, np.int64)
        fused.append((means[kept], averages[kept], named))
    if not fused:
        return found[0]
    boxes, scores, classes = (
        np.concatenate(parts) for parts in zip(*fused, strict=True)
    )
    order = np.argsort(-scores, kind="stable")[: keep.max_count]
    return boxes[order], scores[order], classes[order]


def _fuse_class(
    boxes: Floats, scores: Floats, passes: npt.NDArray[np.int64], passes_count: int
) -> tuple[Floats, Floats]:
    """Average the boxes of one class, given by falling score.

    A pass counts once, by its best box: suppression within it leaves weaker ones
    about the same garment, and these must not thin its score.

    Returns
    -------
    means : (k, 4) float32
    averages : (k,) float32
    """
    sums = np.zeros((len(boxes), 4))
    weights = np.zeros(len(boxes))
    best = np.zeros((len(boxes), passes_count))
    # the means so far, kept beside the sums so that overlaps need no division
    means = np.zeros((len(boxes), 4))
    areas = np.zeros(len(boxes))
    total = 0
    for box, score, number in zip(
        boxes.astype(float), scores.astype(float), passes, strict=True
    ):
        low = np.maximum(means[:total, :2], box[:2])
        high = np.minimum(means[:total, 2:], box[2:])
        shared = np.clip(high - low, 0, None).prod(1)
        area = (box[2] - box[0]) * (box[3] - box[1])
        overlaps = shared / np.maximum(areas[:total] + area - shared, 1e-9)
        at = int(overlaps.argmax()) if total else 0
        if not total or overlaps[at] <= FUSION_IOU:
            at = total
            total += 1
        sums[at] += box * score
        weights[at] += score
        best[at, number] = max(best[at, number], score)
        means[at] = sums[at] / weights[at]
        areas[at] = (means[at, 2] - means[at, 0]) * (means[at, 3] - means[at, 1])
    return means[:total].astype(np.float32), best[:total].mean(1).astype(np.float32)
