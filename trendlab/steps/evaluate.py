"""Measures a detector on annotated photos, and writes what it measured."""

from __future__ import annotations

import csv
import json
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trendlab.errors import SettingsError, VisionError
from trendlab.settings import Settings
from trendlab.steps.step import Progress

log = logging.getLogger(__name__)

# Classes that annotators and detectors mix up, counted as one besides.
MERGED = ("boots", "footwear")
# Overlap at which boxes of merged classes are one, where no card says.
DEFAULT_NMS_IOU = 0.7


@dataclass(frozen=True)
class _Input:
    """What is measured: annotations, results with image ids, where a class counts."""

    coco: dict[str, Any]
    results: list[dict[str, Any]]
    thresholds: tuple[float, ...] | None
    nms_iou: float
    title: str
    notes: list[str]


def evaluate_detector(
    settings: Settings,
    annotations: Path,
    images: Path | None,
    *,
    detections: Path | None = None,
    is_carded: bool = True,
    out: Path | None = None,
    progress: Progress,
) -> Iterator[str]:
    """Measure a detector, or detections from a file, and yield lines to print.

    Parameters
    ----------
    settings : Settings
        Its `detector` is measured; with `detections`, it lends its thresholds only.
    annotations : Path
        COCO JSON.
    images : Path or None
        Folder that its file names are relative to; not needed with `detections`.
    detections : Path or None
        Results of any model, as `trendlab detect --out` writes them.
    is_carded : bool
        Whether the card of `settings.detector` made the detections, so that its
        thresholds are theirs.
    out : Path or None
        Folder for evaluation.json, evaluation.md, confusion.csv, detections.json
        and precision_recall.png.

    Raises
    ------
    SettingsError
        If neither photos nor detections are given, or `out` is a file.
    VisionError
        If annotations, photos or detections cannot be used.
    """
    if images is None and detections is None:
        raise SettingsError("--images DIR is needed, or --detections FILE.json")
    if images is not None and not images.is_dir():
        raise SettingsError(f"--images wants a folder of photos, got {images}")
    if out is not None and out.exists() and not out.is_dir():
        raise SettingsError(f"--out wants a folder, got the file {out}")
    started = time.monotonic()
    given = _gather(settings, annotations, images, detections, is_carded, progress)
    lines = given.notes + _measure(given, out)
    log.info(
        "evaluate photos=%d results=%d seconds=%.1f",
        len(given.coco["images"]),
        len(given.results),
        time.monotonic() - started,
    )
    yield from lines


def _gather(
    settings: Settings,
    annotations: Path,
    images: Path | None,
    detections: Path | None,
    is_carded: bool,
    progress: Progress,
) -> _Input:
    from trendlab.vision.annotated import detect_annotated
    from trendlab.vision.class_groups import fit_to_classes
    from trendlab.vision.coco import class_names, read_coco, read_results
    from trendlab.vision.evaluate import with_image_ids
    from trendlab.vision.models import load_card

    coco = read_coco(annotations)
    notes = []
    card = load_card(settings.detector) if is_carded else None
    if card is not None:
        fitted = fit_to_classes(coco, card.classes)
        coco = fitted.coco
        if fitted.left_out:
            told = ", ".join(f"{name} {n}" for name, n in fitted.left_out.most_common())
            notes.append(
                f"classes joined into {', '.join(card.classes)}; "
                f"{fitted.left_out.total()} boxes left out: {told}"
            )
    if detections is not None:
        read = read_results(detections, coco)
        results = with_image_ids(coco, read)
        if read and not results:
            raise VisionError(
                f"{detections}: none of {len(read)} results is of a photo of "
                f"{annotations}; file_name or image_id must be the same in both"
            )
        if len(results) < len(read):
            notes.append(f"{len(read) - len(results)} results of other photos left out")
        if card is None:
            notes.append("thresholds: largest F1 on these very photos, so flattering")
            return _Input(coco, results, None, DEFAULT_NMS_IOU, detections.name, notes)
    assert card is not None
    if detections is None:
        assert images is not None
        found = detect_annotated(
            card,
            coco,
            images,
            device=settings.device,
            cache=settings.home / "models",
            progress=lambda done, total: progress("detect", done, total),
        )
        results = with_image_ids(coco, found.results)
        notes += [
            f"photo refused: {one['file_name']}: {one['reason']}"
            for one in found.failures
        ]
    elif class_names(coco) != card.classes:
        raise VisionError(
            f"{annotations}: expected the classes of {card.name}, "
            f"{', '.join(card.classes)}; got {', '.join(class_names(coco))}"
        )
    title = f"{card.name} {card.version}"
    return _Input(coco, results, card.thresholds, card.nms_iou, title, notes)


def _measure(given: _Input, out: Path | None) -> list[str]:
    from trendlab.vision.coco import class_names
    from trendlab.vision.evaluate import evaluate_detections
    from trendlab.vision.lazy import check_laziness
    from trendlab.vision.operating import confuse, merge_classes, score_at_thresholds
    from trendlab.vision.tables import render_confusion, render_evaluation, render_lazy

    coco, results = given.coco, given.results
    evaluation = evaluate_detections(coco, results)
    thresholds = given.thresholds
    if thresholds is None:
        thresholds = tuple(one.best_threshold for one in evaluation.classes)
    operating = score_at_thresholds(coco, results, thresholds)
    confusion = confuse(coco, results, thresholds)
    lazy = check_laziness(coco, confusion)
    merged: dict[str, Any] = {}
    names = class_names(coco)
    if set(MERGED) <= set(names):
        one_class, fewer = merge_classes(coco, results, MERGED, given.nms_iou)
        found = evaluate_detections(one_class, fewer)
        merged = asdict(
            next(one for one in found.classes if one.category == "+".join(MERGED))
        )
    text = "\n\n".join(
        (
            render_evaluation(evaluation, operating, merged),
            render_lazy(lazy, evaluation.ap50_voc),
            render_confusion(names, confusion),
        )
    )
    lines = [text]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = {
            "model": given.title,
            **evaluation.as_metrics(),
            "operating": [_plain(asdict(one)) for one in operating],
            "merged": _plain(merged),
            "lazy": _plain(asdict(lazy)),
        }
        _write(out / "evaluation.json", json.dumps(figures, indent=1) + "\n")
        _write(out / "evaluation.md", text + "\n")
        _write(out / "detections.json", json.dumps(results) + "\n")
        with (out / "confusion.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("annotated", *names, "not found"))
            for name, row in zip((*names, "nothing"), confusion, strict=True):
                table.writerow((name, *row.tolist()))
        _draw(given, operating, out / "precision_recall.png")
        lines.append(f"written: {out}")
    return lines


def _draw(given: _Input, operating: Sequence[Any], path: Path) -> None:
    import numpy as np

    from trendlab.report.precision_recall import Curve, draw_curves
    from trendlab.vision.precision import match_voc, precision_recall, voc_ap

    curves = []
    ids = sorted(one["id"] for one in given.coco["categories"])
    for category_id, at in zip(ids, operating, strict=True):
        boxes = [
            one
            for one in given.coco["annotations"]
            if one["category_id"] == category_id and not one["iscrowd"]
        ]
        mine = [one for one in given.results if one["category_id"] == category_id]
        hits, _ = match_voc(boxes, mine)
        empty = (np.zeros(0), np.zeros(0))
        recall, precision = precision_recall(hits, len(boxes)) if boxes else empty
        curves.append(
            Curve(
                at.category,
                len(boxes),
                voc_ap(hits, len(boxes)),
                recall,
                precision,
                at.recall,
                at.precision,
            )
        )
    draw_curves(curves, f"Precision and recall at IoU 0.5: {given.title}").savefig(
        path, dpi=150
    )


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Rounded to 4 places; NaN, which JSON does not know, is null."""
    return {
        key: (round(value, 4) if math.isfinite(value) else None)
        if isinstance(value, float)
        else value
        for key, value in row.items()
    }


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
