"""Turn trained weights into a model that ships: safetensors, card, measured figures.

Thresholds are chosen and figures measured on the photos that are given; the card
says which. Swapping the shipped detector for a better one is this one command.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlab.errors import ModelError, VisionError
from trendlab.vision.coco import class_names, read_coco
from trendlab.vision.detect import Device, load_detector
from trendlab.vision.evaluate import (
    THRESHOLD_RANGE,
    Evaluation,
    evaluate_detections,
    render_table,
)
from trendlab.vision.folders import detect_folder
from trendlab.vision.models import (
    SHIPPED,
    ModelCard,
    save_weights,
    write_card,
)
from trendlab.vision.train import read_config, read_foreign

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
    "Belts and thin scarves or ties are missed more often than found.",
    "People in the background were not annotated, so their garments count as errors.",
    "A skirt with a top of the same cloth is called a dress, and the reverse.",
    "Trained on slim young women photographed head to toe outdoors; other people, "
    "poses, crops and product photos are untested.",
)

THRESHOLD_RULE = (
    "per class, the score with the largest F1 on the validation photos, kept within "
    f"{THRESHOLD_RANGE[0]} to {THRESHOLD_RANGE[1]} because rare classes have few "
    "examples (7 shorts, 11 boots)"
)


@dataclass(frozen=True)
class Detected:
    """What a detector found in annotated photos.

    Parameters
    ----------
    results : list of dict
        COCO results from the lowest score up, as average precision needs them.
    failures : list of dict
        file_name and reason of each photo that could not be used.
    """

    results: list[dict[str, Any]]
    failures: list[dict[str, str]]


def detect_annotated(
    card: ModelCard,
    coco: Mapping[str, Any],
    images: Path,
    *,
    device: Device = "cpu",
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Detected:
    """Run a detector over the photos of a COCO data set, and no others.

    Parameters
    ----------
    card : ModelCard
    coco : mapping
        As `read_coco` gives it.
    images : Path
        Folder that its file names are relative to.
    device : {"auto", "cpu", "cuda"}
    cache : Path, optional
        Folder for exports of the model.
    progress : callable, optional
        Called with photos done and photos in all.

    Raises
    ------
    ModelError
        If the annotations have other classes than the card.
    VisionError
        If a photo is not there.
    """
    if class_names(coco) != card.classes:
        raise ModelError(
            f"expected the classes {list(card.classes)}, got {list(class_names(coco))}"
        )
    listed = sorted(one["file_name"] for one in coco["images"])
    missing = [name for name in listed if not (images / name).is_file()]
    if missing:
        raise VisionError(
            f"{len(missing)} of {len(listed)} annotated photos are not in {images}, "
            f"the first is {missing[0]}; give the folder that file names start from"
        )
    detector = load_detector(card, device, cache=cache)
    with tempfile.TemporaryDirectory() as folder:
        # only the annotated photos, wherever else the folder leads
        for name in listed:
            link = Path(folder) / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((images / name).resolve())
        run = detect_folder(Path(folder), detector, progress=progress)
        return Detected(list(run), list(run.failures))


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
    notes: str = "",
) -> tuple[ModelCard, Evaluation]:
    """Write weights and card of a detector to `out`.

    Parameters
    ----------
    weights : Path
        Safetensors, or a `.pt` that restricted loading accepts.
    out : Path
    name, version, architecture, training_data, notes : str
    input_size_px : int
    training : dict
        The configuration that made the weights.
    annotations, images : Path
        Validation photos; thresholds and figures come from these.
    measured_on : str
        What they are, in words.
    """
    coco = read_coco(annotations)
    names = class_names(coco)
    out.mkdir(parents=True, exist_ok=True)
    fresh = out / f".{name}.safetensors.part"
    sha256 = save_weights(read_foreign(weights), fresh)
    draft = ModelCard(
        name=name,
        version=version,
        task="detect",
        architecture=architecture,
        classes=names,
        input_size_px=input_size_px,
        thresholds=(THRESHOLD_RANGE[0],) * len(names),
        threshold_rule=THRESHOLD_RULE,
        training_data=training_data,
        training=training,
        licence=LICENCE,
        intended_use=INTENDED_USE,
        known_failures=KNOWN_FAILURES,
        notes=notes,
        weights_file=f"{name}.safetensors",
        sha256=sha256,
        folder=out,
    )
    fresh.replace(draft.weights_path)
    found = detect_annotated(draft, coco, images)
    evaluation = evaluate_detections(coco, found.results)
    card = draft.model_copy(
        update={
            "thresholds": tuple(one.best_threshold for one in evaluation.classes),
            "metrics": {"measured_on": measured_on, **evaluation.as_metrics()},
            "metrics_command": "trendlab evaluate detector "
            f"--annotations {annotations.name} --images {images.name}",
        }
    )
    write_card(card, out / f"{name}.json")
    return card, evaluation


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
    export.add_argument("--out", type=Path, default=SHIPPED)
    export.add_argument("--annotations", type=Path, required=True)
    export.add_argument("--images", type=Path, required=True)


def run_verb(given: argparse.Namespace) -> str:
    """Run `export`; return the table of figures."""
    training = json.loads(given.training)
    if given.config is not None:
        training = _without_paths(read_config(given.config).model_dump(mode="json"))
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
    )
    return render_table(found) + "\n"


def _without_paths(config: dict[str, Any]) -> dict[str, Any]:
    places: Sequence[str] = ("train_annotations", "val_annotations", "images", "out")
    return {key: value for key, value in config.items() if key not in places}
