"""Measure the classifier that looks at boxes again, on annotated boxes.

python -m trendlab.vision.measure_crops --data DATA/ccp
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.errors import TrendlabError
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.crops import cut, place_in_photo
from trendlab.vision.models import ModelCard, load_card
from trendlab.vision.precision import wilson
from trendlab.vision.rescoring import Classify, load_classifier


def measure_crops(
    data: ClothingCoParsing, card: ModelCard, classify: Classify, part: str = "val"
) -> dict[str, Any]:
    """Ask the classifier what the annotated boxes of a part hold.

    Returns
    -------
    dict
        boxes_count, accuracy with Wilson's 95 % interval, macro_recall, called_none
        (share of the garments that it takes for none), and the recall of each class.
    """
    told: list[npt.NDArray[np.int64]] = []
    truth: list[npt.NDArray[np.int64]] = []
    for masked in data.photos(part):
        crops = np.stack(
            [cut(masked.photo.pixels, box, card.input_size_px) for box in masked.boxes]
        )
        photo = masked.photo
        where = place_in_photo(masked.boxes, photo.width_px, photo.height_px)
        told.append(classify(crops, where).argmax(1))
        truth.append(masked.category_ids)
    said, asked = np.concatenate(told), np.concatenate(truth)
    recalls = {
        name: float((said[asked == number] == number).mean())
        for number, name in enumerate(card.classes)
        if (asked == number).any()
    }
    hits = int((said == asked).sum())
    low, high = wilson(hits, len(asked))
    return {
        "boxes_count": len(asked),
        "accuracy": hits / len(asked),
        "accuracy_low": low,
        "accuracy_high": high,
        "macro_recall": float(np.mean(list(recalls.values()))),
        "called_none": float((said == len(card.classes)).mean()),
        "recalls": recalls,
    }


def main() -> int:
    """Measure the shipped classifier."""
    parser = argparse.ArgumentParser(prog="python -m trendlab.vision.measure_crops")
    parser.add_argument("--data", type=Path, required=True, help="folder with CCP")
    parser.add_argument("--model", default="garment-crops", help="name or path of card")
    given = parser.parse_args()
    try:
        card = load_card(given.model)
        data = ClothingCoParsing(given.data)
        figures = measure_crops(data, card, load_classifier(card, "cpu", None))
    except TrendlabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"{figures['boxes_count']} annotated boxes: accuracy {figures['accuracy']:.3f} "
        f"({figures['accuracy_low']:.3f}–{figures['accuracy_high']:.3f}), macro recall "
        f"{figures['macro_recall']:.3f}, {figures['called_none']:.3f} taken for none\n"
    )
    for name, recall in figures["recalls"].items():
        sys.stdout.write(f"{name}: {recall:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
