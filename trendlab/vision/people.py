"""People in photos: a second model beside the detector of garments.

A second, small network looks at the photo that was decoded for the garments, at half
its size: people are large. What it finds travels with the garments in `Detections`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from trendlab.vision.boxes import Canvas, Detections, Suppression, shrink
from trendlab.vision.detect import Device, load_detector
from trendlab.vision.detector import Detector, Floats
from trendlab.vision.images import Photo
from trendlab.vision.models import PEOPLE_FINDER, load_card

PERSON = "person"


class DetectorWithPeople:
    """A detector of garments that tells the people in the same photos, too.

    Parameters
    ----------
    garments : Detector
        What it finds, its card and its batches stay as they are.
    people : Detector
        Its card's only class above threshold is the person.
    """

    def __init__(self, garments: Detector, people: Detector) -> None:
        self._garments, self._people = garments, people
        self.card = garments.card
        self.lanes_count = garments.lanes_count
        self.batch_count = garments.batch_count

    def prepare(self, photo: Photo) -> Canvas:
        """Fit a photo to the input size of the garments' model."""
        return self._garments.prepare(photo)

    def find(
        self,
        canvases: Sequence[Canvas],
        keep: Suppression | None = None,
        *,
        with_features: bool = False,
    ) -> list[Detections]:
        """Find garments and people on canvases of one shape.

        Parameters
        ----------
        canvases : sequence of Canvas
        keep : Suppression, optional
            Of garments; people are kept by the thresholds of their card.
        with_features : bool
            Pool the appearance of each garment too.
        """
        found = self._garments.find(canvases, keep, with_features=with_features)
        card = self._people.card
        small = [shrink(canvas, card.input_size_px) for canvas in canvases]
        seen = self._people.find(small)
        return [
            dataclasses.replace(
                one,
                people=canvas.lift(who.boxes),
                people_scores=who.scores,
                people_model=f"{card.name} {card.version}",
            )
            for canvas, one, who in zip(canvases, found, seen, strict=True)
        ]

    def neck(self, canvas: Canvas) -> list[Floats]:
        """Return the maps of the garments' model."""
        return self._garments.neck(canvas)


def load_with_people(
    garments: Detector, device: Device = "auto", *, cache: Path | None = None
) -> DetectorWithPeople:
    """Put the shipped model that finds people beside a detector of garments.

    Parameters
    ----------
    garments : Detector
    device : {"auto", "cpu", "cuda"}
    cache : Path, optional
        Folder for exports, as in `load_detector`.

    Raises
    ------
    ModelError
        If the weights are wrong, or "cuda" is asked for where there is none.
    """
    card = load_card(PEOPLE_FINDER)
    return DetectorWithPeople(garments, load_detector(card, device, cache=cache))
