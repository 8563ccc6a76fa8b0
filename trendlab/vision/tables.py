"""Figures of a detector as Markdown tables, the form of docs/results.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trendlab.vision.evaluate import Evaluation
from trendlab.vision.lazy import LazyCheck
from trendlab.vision.operating import Counts, OperatingScore


def render_evaluation(
    evaluation: Evaluation,
    operating: Sequence[OperatingScore],
    merged: Mapping[str, Any],
) -> str:
    """Return a row per class, their mean, and the AP of small and large objects.

    Parameters
    ----------
    evaluation : Evaluation
    operating : sequence of OperatingScore
        In the order of the evaluation's classes.
    merged : mapping
        A `ClassScore` as a dict, of classes counted as one; empty without.
    """
    lines = [
        "| class | objects | AP50 VOC | AP50 COCO | AP COCO | threshold "
        "| precision (95 %) | recall |",
        "|---|---:|---:|---:|---:|---:|---|---:|",
    ]
    lines += [
        f"| {one.category} | {one.objects_count} | {one.ap50_voc:.3f} "
        f"| {one.ap50_coco:.3f} | {one.ap_coco:.3f} | {at.threshold:.2f} "
        f"| {at.precision:.2f} ({at.precision_low:.2f}–{at.precision_high:.2f}) "
        f"| {at.recall:.2f} |"
        for one, at in zip(evaluation.classes, operating, strict=True)
    ]
    lines.append(
        f"| **mean** | {evaluation.objects_count} | **{evaluation.ap50_voc:.3f}** "
        f"| {evaluation.ap50_coco:.3f} | {evaluation.ap_coco:.3f} | | | |"
    )
    if merged:
        lines.append(
            f"| {merged['category']}, as one | {merged['objects_count']} "
            f"| {merged['ap50_voc']:.3f} | {merged['ap50_coco']:.3f} "
            f"| {merged['ap_coco']:.3f} | | | |"
        )
    lines.append("")
    lines.append(
        f"{evaluation.images_count} photos, {evaluation.results_count} detections. "
        f"AP COCO of objects under 32² pixels {evaluation.ap_small:.3f}, up to 96² "
        f"{evaluation.ap_medium:.3f}, above {evaluation.ap_large:.3f}."
    )
    return "\n".join(lines)


def render_lazy(lazy: LazyCheck, ap50_voc: float) -> str:
    """Say in words whether the detector beats models that do not look."""
    verdict = "beats" if lazy.beats(ap50_voc) else "DOES NOT BEAT"
    return (
        f"The detector {verdict} the lazy models. Of {lazy.located_count} garments "
        f"located it names {lazy.named_share:.3f} right "
        f"({lazy.named_low:.3f}–{lazy.named_high:.3f}); always saying "
        f"{lazy.majority or 'nothing'} would name {lazy.majority_share:.3f}. Macro "
        f"recall {lazy.macro_recall:.3f}, a constant answer {lazy.chance_recall:.3f}. "
        f"AP50 VOC {ap50_voc:.3f}, the median box of each class on every photo "
        f"{lazy.placed_ap50:.3f}."
    )


def render_confusion(names: Sequence[str], confusion: Counts) -> str:
    """Return the confusion table: rows annotated, columns found."""
    lines = [
        "| annotated ↓ found → | " + " | ".join(names) + " | not found |",
        "|---|" + "---:|" * (len(names) + 1),
    ]
    for name, row in zip((*names, "nothing"), confusion.tolist(), strict=True):
        cells = " | ".join(str(count) if count else "" for count in row)
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)
