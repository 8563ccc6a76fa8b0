"""Turn trained weights into a model that ships: safetensors, card, measured figures.

Thresholds are chosen and figures measured on the photos that are given; the card
says which. Swapping the shipped detector for a better one is this one command.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trendlab.errors import ModelError
from trendlab.vision.annotated import detect_annotated
from trendlab.vision.coco import class_names, read_coco
from trendlab.vision.evaluate import (
    THRESHOLD_RANGE,
    Evaluation,
    evaluate_detections,
    render_table,
)
from trendlab.vision.foreign import read_foreign
from trendlab.vision.models import (
    DEFAULT_NMS_IOU,
    SHIPPED,
    ModelCard,
    Pass,
    Rescoring,
    load_card,
)
from trendlab.vision.shipping import write_model
from trendlab.vision.train_config import read_config

LICENCE = (
    "AGPL-3.0-or-later, as the ultralytics weights and code that they were trained "
    "from and with. The rights in the training photos are unclear."
)

INTENDED_USE = (
    "Counting garment classes in street-style and social-media photos, in aggregate. "
    "Not for identifying, profiling or judging people."
)

KNOWN_FAILURES = (
    "Boots are often called footwear, as they are in the training tags.",
    "Thin scarves and ties are missed more often than found.",
    "People in the background were not annotated, so their garments count as errors.",
    "A skirt with a top of the same cloth is called a dress, and the reverse.",
    "Trained on slim young women photographed head to toe outdoors; other people, "
    "poses, crops and product photos are untested.",
)

THRESHOLD_RULE = (
    "per class, the score with the largest F1 on the validation photos, kept within "
    f"{THRESHOLD_RANGE[0]} to {THRESHOLD_RANGE[1]} because rare classes have few "
    "examples"
)


_PASS = re.compile(r"(?:([a-z0-9-]+):)?([0-9]+)(m?)")


def export_detector(
    weights: Path,
    *,
    out: Path,
    name: str,
    version: str,
    architecture: str,
    input_size_px: int,
    training_data: str,
    training: dict[str, Any],
    annotations: Path,
    images: Path,
    measured_on: str,
    nms_iou: float = DEFAULT_NMS_IOU,
    notes: str = "",
    licence: str = LICENCE,
    intended_use: str = INTENDED_USE,
    known_failures: tuple[str, ...] = KNOWN_FAILURES,
    passes: Sequence[Pass] = (),
    rescoring: Rescoring | None = None,
    weights_of: str | None = None,
) -> tuple[ModelCard, Evaluation]:
    """Write weights and card of a detector to `out`.

    Parameters
    ----------
    weights : Path
        Safetensors, or a `.pt` that restricted loading accepts.
    out : Path
    name, version, architecture, training_data, notes, licence, intended_use : str
    input_size_px : int
    training : dict
        The configuration that made the weights.
    annotations, images : Path
        Validation photos; thresholds and figures come from these.
    measured_on : str
        What they are, in words.
    nms_iou : float
        Boxes of one class that overlap more are one garment.
    known_failures : tuple of str
        The shipped detector's by default.
    passes : sequence of Pass
        Looks whose boxes are averaged with the plain one's.
    rescoring : Rescoring, optional
        A classifier that looks at each box again; its card is in `out`.
    weights_of : str, optional
        Name of a card in `out` whose file of weights this card shares.

    Raises
    ------
    ModelError
        If that card's weights are not these.
    """
    coco = read_coco(annotations)
    names = class_names(coco)
    evaluation: Evaluation | None = None

    def measure(draft: ModelCard) -> dict[str, Any]:
        nonlocal evaluation
        found = detect_annotated(draft, coco, images)
        evaluation = evaluate_detections(coco, found.results)
        return {
            "thresholds": tuple(one.best_threshold for one in evaluation.classes),
            "metrics": {"measured_on": measured_on, **evaluation.as_metrics()},
            "metrics_command": "trendlab evaluate detector "
            f"--annotations {annotations.name} --images {images.name}",
        }

    card = write_model(
        read_foreign(weights),
        out=out,
        name=name,
        shares=None if weights_of is None else load_card(out / f"{weights_of}.json"),
        measure=measure,
        version=version,
        task="detect",
        architecture=architecture,
        classes=names,
        input_size_px=input_size_px,
        thresholds=(THRESHOLD_RANGE[0],) * len(names),
        threshold_rule=THRESHOLD_RULE,
        nms_iou=nms_iou,
        training_data=training_data,
        training=training,
        licence=licence,
        intended_use=intended_use,
        known_failures=known_failures,
        notes=notes,
        passes=tuple(passes),
        rescoring=rescoring,
    )
    assert evaluation is not None
    return card, evaluation


def read_pass(told: str, out: Path) -> Pass:
    """Read a pass as the command line gives it: ``576``, ``576m``, ``NAME:640m``.

    Parameters
    ----------
    told : str
        Longer side in pixels, ``m`` for mirrored, after the name of another card.
    out : Path
        Where that card is.

    Raises
    ------
    ModelError
        If it is none of these.
    """
    named = _PASS.fullmatch(told)
    if named is None:
        raise ModelError(f"expected a pass such as 576, 576m or NAME:640m, got {told}")
    name, size_px, mirrored = named.groups()
    sha256 = load_card(out / f"{name}.json").sha256 if name else ""
    return Pass(
        card=name or "", sha256=sha256, size_px=int(size_px), is_mirrored=bool(mirrored)
    )


def read_rescoring(told: str, out: Path) -> Rescoring:
    """Read a rescoring as the command line gives it: ``NAME:0.35``.

    Raises
    ------
    ModelError
        If it is not so, or there is no such card in `out`.
    """
    name, _, weight = told.partition(":")
    sha256 = load_card(out / f"{name}.json").sha256
    try:
        return Rescoring(card=name, sha256=sha256, weight=float(weight))
    except ValueError:
        raise ModelError(
            "expected a rescoring such as garment-crops:0.35, its weight above 0 and "
            f"below 1, got {told}"
        ) from None


def add_arguments(verbs: Any) -> None:
    """Declare the verb `export`."""
    export = verbs.add_parser("export", help="write weights and card that ship")
    export.add_argument("--weights", type=Path, required=True)
    export.add_argument("--version", required=True)
    export.add_argument("--name", default="garments")
    export.add_argument("--architecture", default="yolov8n.yaml")
    export.add_argument("--size", type=int, required=True, help="longer side, px")
    export.add_argument("--config", type=Path, help="the training's config file")
    export.add_argument("--training", default="{}", help="or its settings as JSON")
    export.add_argument(
        "--training-data",
        default="704 street-style photos of Clothing Co-Parsing with boxes in 13 "
        "classes, started from COCO weights of YOLOv8n",
    )
    export.add_argument("--measured-on", default="100 validation photos of CCP")
    export.add_argument("--notes", default="")
    export.add_argument("--intended-use", default=INTENDED_USE)
    export.add_argument(
        "--known-failure",
        action="append",
        help="in words; may be given again. The garments' by default",
    )
    export.add_argument(
        "--pass",
        dest="passes",
        action="append",
        default=[],
        help="a look that is averaged with the plain one: 576, 576m (mirrored), "
        "NAME:640 (by another card); may be given again",
    )
    export.add_argument(
        "--rescoring",
        help="NAME:WEIGHT of a classifier in --out that looks at each box again",
    )
    export.add_argument(
        "--weights-of", help="a card in --out that has these weights: share its file"
    )
    export.add_argument("--out", type=Path, default=SHIPPED)
    export.add_argument("--annotations", type=Path, required=True)
    export.add_argument("--images", type=Path, required=True)


def run_verb(given: argparse.Namespace) -> str:
    """Run `export`; return the table of figures."""
    training = json.loads(given.training)
    if given.config is not None:
        training = read_config(given.config).recorded()
    _, found = export_detector(
        given.weights,
        out=given.out,
        name=given.name,
        version=given.version,
        architecture=given.architecture,
        input_size_px=given.size,
        training_data=given.training_data,
        training=training,
        annotations=given.annotations,
        images=given.images,
        measured_on=given.measured_on,
        notes=given.notes,
        intended_use=given.intended_use,
        known_failures=tuple(given.known_failure or KNOWN_FAILURES),
        passes=[read_pass(one, given.out) for one in given.passes],
        rescoring=read_rescoring(given.rescoring, given.out)
        if given.rescoring
        else None,
        weights_of=given.weights_of,
    )
    return render_table(found) + "\n"
