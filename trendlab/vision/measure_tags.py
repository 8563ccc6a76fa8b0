"""Measure colours against mask pixels, fine categories against tags.

python -m trendlab.vision.measure_tags --data DATA/ccp
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trendlab.errors import TrendlabError
from trendlab.vision.attributes import tag_canvas
from trendlab.vision.ccp import ClothingCoParsing
from trendlab.vision.colours import find_colours, to_lab
from trendlab.vision.detect import load_detector
from trendlab.vision.detector import Detector
from trendlab.vision.linear import macro_recall
from trendlab.vision.models import DEFAULT_TAGGER, load_card
from trendlab.vision.precision import wilson
from trendlab.vision.tagger import Tagger

# Mask pixels that the true colours are told from, evenly taken.
_TRUE_PIXELS = 3000


def measure_colours(
    data: ClothingCoParsing, part: str, tagger: Tagger, detector: Detector
) -> dict[str, Any]:
    """Compare colour names told from a box with those of the mask's pixels.

    Returns
    -------
    dict
        garments_count; for each way (box, silhouette, shipped) the share of garments
        whose main colour has the same name, and for the shipped way its 95 %
        interval and the mean overlap of shares.

    Notes
    -----
    The boxes are the annotated ones, so this measures colour, not detection. Both
    sides name by the same terms: agreement, not truth about colour.
    """
    hits = {"box": 0, "silhouette": 0, "shipped": 0}
    overlaps = []
    count = 0
    for masked in data.photos(part):
        canvas = detector.prepare(masked.photo)
        names = [data.classes[number] for number in masked.category_ids]
        shipped = tag_canvas(canvas, names, masked.boxes, tagger, detector)
        plain = tag_canvas(canvas, names, masked.boxes, tagger, None)
        for index in range(len(names)):
            found = data.tag_pixels(masked, index)
            if found is None:
                continue
            tags, window = found
            lab = to_lab(masked.photo.pixels[window])
            mine = lab[tags > 0]
            mine = mine[:: max(1, len(mine) // _TRUE_PIXELS)]
            truth = find_colours(mine, np.ones(len(mine), np.float32))
            step = max(1, lab.shape[0] * lab.shape[1] // _TRUE_PIXELS)
            whole = lab.reshape(-1, 3)[::step]
            box = find_colours(whole, np.ones(len(whole), np.float32))
            count += 1
            hits["box"] += box[0].name == truth[0].name
            hits["silhouette"] += plain[index].colours[0].name == truth[0].name
            hits["shipped"] += shipped[index].colours[0].name == truth[0].name
            mine_shares = {one.name: one.share for one in shipped[index].colours}
            true_shares = {one.name: one.share for one in truth}
            overlaps.append(
                sum(
                    min(share, mine_shares.get(name, 0.0))
                    for name, share in true_shares.items()
                )
            )
    low, high = wilson(hits["shipped"], count)
    return {
        "garments_count": count,
        "same_main_name_box_only": round(hits["box"] / count, 4),
        "same_main_name_silhouette": round(hits["silhouette"] / count, 4),
        "same_main_name": round(hits["shipped"] / count, 4),
        "same_main_name_low": round(low, 4),
        "same_main_name_high": round(high, 4),
        "mean_share_overlap": round(float(np.mean(overlaps)), 4),
    }


def score_fine(
    truth: npt.NDArray[np.int64],
    told: npt.NDArray[np.int64],
    divided: npt.NDArray[np.bool_],
) -> dict[str, float]:
    """Return accuracy and macro recall, over all garments and divided classes.

    Parameters
    ----------
    truth, told : (n,) int64
        Tags.
    divided : (n,) bool
        True where the class has more than one fine category, so that something
        had to be told.
    """
    mine, yours = truth[divided], told[divided]
    return {
        "accuracy": round(float((truth == told).mean()), 4),
        "accuracy_divided": round(float((mine == yours).mean()), 4),
        "macro_recall_divided": round(macro_recall(mine, yours), 4),
    }


def tell_fine(
    inputs: npt.NDArray[np.float32],
    category_ids: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    labels: Sequence[Sequence[int]],
) -> npt.NDArray[np.int64]:
    """Return the tag that linear classifiers tell for each garment; −1 for none."""
    starts = np.cumsum([0, *(len(tags) for tags in labels)])
    told = np.full(len(inputs), -1, np.int64)
    for category_id, tags in enumerate(labels):
        mine = np.flatnonzero(category_ids == category_id)
        if not tags or not len(mine):
            continue
        span = slice(starts[category_id], starts[category_id + 1])
        best = (inputs[mine] @ weight[span].T + bias[span]).argmax(1)
        told[mine] = np.array(tags)[best]
    return told


def measure_fine(
    data: ClothingCoParsing, part: str, tagger: Tagger, detector: Detector
) -> dict[str, Any]:
    """Compare the fine categories that a tagger tells with the tags.

    Returns
    -------
    dict
        garments_count; for the tagger and for the most frequent tag of each class in
        the train photos what `score_fine` gives; recalls: of each tag, a text such as
        "4 of 7".

    Notes
    -----
    The boxes are the annotated ones, so this measures naming, not detection.
    """
    common = _most_frequent(data, "train")
    labels = tagger.card.labels
    truth, told, guessed, divided = [], [], [], []
    for masked in data.photos(part):
        canvas = detector.prepare(masked.photo)
        names = [data.classes[number] for number in masked.category_ids]
        kinds = tagger.classify_garments(
            names, masked.boxes, canvas, detector.neck(canvas)
        )
        for index, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            tag = data.garment_tag(masked, index)
            if tag is None:
                continue
            truth.append(tag)
            told.append(-1 if kind is None else data.tags.index(kind.value))
            guessed.append(common[name])
            divided.append(len(labels[name]) > 1)
    asked, said = np.array(truth, np.int64), np.array(told, np.int64)
    several = np.array(divided, np.bool_)
    recalls = {
        data.tags[tag]: f"{int((said[asked == tag] == tag).sum())} of "
        f"{int((asked == tag).sum())}"
        for tag in np.unique(asked[several]).tolist()
    }
    return {
        "garments_count": len(asked),
        "shipped": score_fine(asked, said, several),
        "majority": score_fine(asked, np.array(guessed, np.int64), several),
        "recalls": recalls,
    }


def _most_frequent(data: ClothingCoParsing, part: str) -> Mapping[str, int]:
    """Return the most frequent tag of each class."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for masked in data.photos(part):
        for index, number in enumerate(masked.category_ids.tolist()):
            tag = data.garment_tag(masked, index)
            if tag is not None:
                counts[data.classes[number]][tag] += 1
    return {name: tags.most_common(1)[0][0] for name, tags in counts.items()}


def main() -> int:
    """Measure the shipped tagger; nothing is written."""
    parser = argparse.ArgumentParser(prog="python -m trendlab.vision.measure_tags")
    parser.add_argument("--data", type=Path, required=True, help="folder with CCP")
    parser.add_argument("--model", default=DEFAULT_TAGGER, help="name or path of card")
    parser.add_argument("--detector", default="garments", help="the same")
    given = parser.parse_args()
    try:
        tagger = Tagger(load_card(given.model))
        detector = load_detector(load_card(given.detector), "cpu")
        data = ClothingCoParsing(given.data)
        colour = measure_colours(data, "val", tagger, detector)
        fine = measure_fine(data, "val", tagger, detector)
    except TrendlabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"colour, {colour['garments_count']} garments: the main name is the mask's in "
        f"{colour['same_main_name']:.3f} ({colour['same_main_name_low']:.3f}–"
        f"{colour['same_main_name_high']:.3f}), of the plain box's in "
        f"{colour['same_main_name_box_only']:.3f}\n"
    )
    for way, told in (
        ("the most frequent", fine["majority"]),
        ("shipped", fine["shipped"]),
    ):
        sys.stdout.write(
            f"fine category where there is a choice, {way}: accuracy "
            f"{told['accuracy_divided']:.3f}, macro recall "
            f"{told['macro_recall_divided']:.3f}\n"
        )
    for name, recall in fine["recalls"].items():
        sys.stdout.write(f"{name}: {recall}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
