"""Annotated photos as torchvision's detectors learn from them, augmented or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

from trendlab.errors import ImageRejected, VisionError
from trendlab.vision.boxes import fit_canvas
from trendlab.vision.images import read_photo

# What a photo is set on when it is made smaller: the mean colour of ImageNet's, as
# SSD has it, so that the border says nothing.
BORDER_COLOUR = (123, 117, 104)

# Boxes that a crop left with less than this on a side, in pixels, are not learned.
MIN_SIDE_PX = 2

Target = dict[str, torch.Tensor]


def augmentation(*, is_varied: bool) -> Callable[..., Any]:
    """Return what is done to a photo and its boxes before they are learned from.

    Parameters
    ----------
    is_varied : bool
        Vary colours, set the photo on a larger border (expand), cut out a part that
        keeps a box, and mirror; each at random, from torch's global generator.

    Returns
    -------
    callable
        From (photo, target) to the same; the photo becomes float32, 0 to 1.

    References
    ----------
    Liu et al. (2016), SSD: single shot multibox detector, sections 2.2 and 3.6.
    """
    varied = [
        v2.RandomPhotometricDistort(),
        v2.RandomZoomOut(fill=list(BORDER_COLOUR)),
        v2.RandomIoUCrop(),
        v2.RandomHorizontalFlip(),
    ]
    return v2.Compose(  # type: ignore[no-any-return]
        [
            *(varied if is_varied else []),
            v2.ToDtype(torch.float32, scale=True),
            v2.SanitizeBoundingBoxes(min_size=MIN_SIDE_PX),
        ]
    )


class AnnotatedPhotos(torch.utils.data.Dataset):  # type: ignore[misc]
    """Photos of a COCO data set with their boxes, read as the detector reads them.

    Parameters
    ----------
    coco : mapping
        As `coco.read_coco` gives it.
    images : Path
        Folder that its file names are relative to.
    size_px : int
        Longer side that photos are brought to.
    is_varied : bool
        As in `augmentation`.
    """

    def __init__(
        self, coco: Mapping[str, Any], images: Path, size_px: int, *, is_varied: bool
    ) -> None:
        self._listed = list(coco["images"])
        self._images, self._size_px = images, size_px
        self._vary = augmentation(is_varied=is_varied)
        self._boxes: dict[int, list[tuple[list[float], int]]] = defaultdict(list)
        ids = sorted(one["id"] for one in coco["categories"])
        for one in coco["annotations"]:
            x, y, width, height = one["bbox"]
            # class 0 is the background
            label = 1 + ids.index(one["category_id"])
            self._boxes[one["image_id"]].append(([x, y, x + width, y + height], label))

    def __len__(self) -> int:
        return len(self._listed)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, Target]:
        """Return a photo and what is in it.

        Returns
        -------
        photo : (3, rows, columns) float32, RGB, 0 to 1
        target : dict
            boxes : (n, 4) float32, pixels of `photo`, x0 y0 x1 y1; labels : (n,)
            int64, classes counted from 1.

        Raises
        ------
        VisionError
            If the photo cannot be read.
        """
        listed = self._listed[index]
        path = self._images / listed["file_name"]
        try:
            photo = read_photo(path, max_side_px=self._size_px)
        except ImageRejected as reason:
            raise VisionError(
                f"{path}: {reason}; mend the photo, or take it out of the annotations"
            ) from None
        canvas = fit_canvas(photo, self._size_px)
        pixels = canvas.trimmed
        mine = self._boxes[listed["id"]]
        scale = torch.tensor([canvas.scale_x, canvas.scale_y] * 2)
        boxes = torch.tensor([box for box, _ in mine]).reshape(-1, 4) * scale
        shown = tv_tensors.BoundingBoxes(
            boxes, format="XYXY", canvas_size=pixels.shape[:2]
        )
        varied, target = self._vary(
            tv_tensors.Image(torch.from_numpy(pixels.copy()).permute(2, 0, 1)),
            {
                "boxes": v2.functional.clamp_bounding_boxes(shown),
                "labels": torch.tensor([label for _, label in mine], dtype=torch.int64),
            },
        )
        return varied.as_subclass(torch.Tensor), {
            key: value.as_subclass(torch.Tensor) for key, value in target.items()
        }


def as_lists(
    drawn: list[tuple[torch.Tensor, Target]],
) -> tuple[list[torch.Tensor], list[Target]]:
    """Put photos of different sizes into a batch, side by side."""
    photos, targets = zip(*drawn, strict=True)
    return list(photos), list(targets)
