"""Model cards: what a model is, where it came from, what it is good for.

A model is two files side by side: a card (JSON) and weights (safetensors, which
cannot hold code). The card names the sha256 of the weights; weights that do not
match are refused. The same card serves training and inference, so that classes,
sizes and thresholds cannot drift apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from safetensors import SafetensorError

from trendlab.errors import ModelError, SettingsError
from trendlab.mistakes import tell_mistakes
from trendlab.schemas import TABLES
from trendlab.vision.architectures import BASELINES

SHIPPED = Path(__file__).resolve().parent / "weights"

DEFAULT_DETECTOR = "garments"
DEFAULT_TAGGER = "garment-tags"
DEFAULT_LENGTHS = "garment-lengths"
PEOPLE_FINDER = "people"

# Overlap beyond which boxes of one class are one garment, as ultralytics has it.
DEFAULT_NMS_IOU = 0.7


class Pass(BaseModel):
    """One look of a network at a photo, of several whose boxes are averaged.

    Parameters
    ----------
    card : str
        Name of the card beside this one whose network looks; this one's where empty.
    sha256 : str
        Hash of that card's weights; empty with `card`.
    size_px : int
        Longer side of what the network sees.
    is_mirrored : bool
        Left and right change places.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: str = ""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    size_px: int = Field(ge=32, le=4096, multiple_of=32)
    is_mirrored: bool = False


class Rescoring(BaseModel):
    """A classifier that looks at each box again, and how much its word counts.

    Parameters
    ----------
    card : str
        Name of the classifier's card beside this one.
    sha256 : str
        Hash of its weights.
    weight : float
        The new score is score^(1 − weight) · chance^weight, the weighted geometric
        mean of the detector's score and the classifier's chance of that class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    card: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    weight: float = Field(gt=0, lt=1)


class ModelCard(BaseModel):
    """Everything that must be known to use a model and to trust its numbers.

    Parameters
    ----------
    name, version : str
        Written into every row that the model makes.
    task : str
        "detect" or "classify".
    architecture : str
        For detectors, the name of an ultralytics model file such as
        ``yolov8n.yaml``, or a key of `architectures.BASELINES`.
    classes : tuple of str
        In the order of the model's outputs.
    input_size_px : int
        Longer side of what the model sees.
    thresholds : tuple of float
        Score from which a detection counts, one per class.
    threshold_rule : str
        How the thresholds were chosen, and on what.
    nms_iou : float
        Boxes of one class that overlap more are one garment.
    passes : tuple of Pass
        Looks beside the plain one at `input_size_px`, whose boxes are averaged with
        its; none by default. Each costs what a photo costs at its size.
    rescoring : Rescoring, optional
        A classifier that looks at each box again.
    training_data, licence, intended_use, notes : str
    known_failures : tuple of str
    training : dict
        The configuration that made the weights.
    metrics : dict
        Figures, with the data they were measured on.
    metrics_command : str
        The command that measures them again.
    labels : dict of str to tuple of str
        For classifiers: what each class of the detector is divided into.
    applies_to : dict of str to dict of str to tuple of str
        For classifiers of attributes: attribute → class → values told of it; `labels`
        then holds all values of each attribute, in the order of the outputs.
    detector_sha256 : str
        For classifiers that read a detector's features: hash of its weights.
    weights_file : str
        Name of the safetensors file beside the card.
    sha256 : str
        Hash of that file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]{1,60}$")
    version: str = Field(pattern=r"^[0-9A-Za-z.+-]{1,40}$")
    task: str = Field(pattern="^(detect|classify)$")
    architecture: str
    classes: tuple[str, ...] = Field(min_length=1)
    input_size_px: int = Field(ge=32, le=4096)
    thresholds: tuple[float, ...] = ()
    threshold_rule: str = ""
    nms_iou: float = Field(default=DEFAULT_NMS_IOU, gt=0, le=1)
    passes: tuple[Pass, ...] = ()
    rescoring: Rescoring | None = None
    training_data: str
    training: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    metrics_command: str = ""
    licence: str
    intended_use: str = ""
    known_failures: tuple[str, ...] = ()
    notes: str = ""
    labels: dict[str, tuple[str, ...]] = {}
    applies_to: dict[str, dict[str, tuple[str, ...]]] = {}
    detector_sha256: str = ""
    weights_file: str = Field(pattern=r"^[A-Za-z0-9._-]+\.safetensors$")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _check_thresholds(self) -> ModelCard:
        if self.task == "detect" and len(self.thresholds) != len(self.classes):
            raise ValueError(
                f"expected {len(self.classes)} thresholds, one per class, "
                f"got {len(self.thresholds)}"
            )
        if self.passes and self.architecture in BASELINES:
            raise ValueError(f"passes are for YOLO's, not for {self.architecture}")
        if self.rescoring is not None and self.architecture in BASELINES:
            raise ValueError(f"rescoring is for YOLO's, not for {self.architecture}")
        return self

    @property
    def weights_path(self) -> Path:
        """The safetensors file."""
        return self.folder / self.weights_file

    @property
    def key(self) -> str:
        """Hash of all that decides what a photo's rows are: rows of another are stale.

        Two cards may share a file of weights, and differ in how they look.
        """
        decisive = self.model_dump(
            mode="json",
            include={
                "name",
                "version",
                "architecture",
                "classes",
                "input_size_px",
                "thresholds",
                "nms_iou",
                "passes",
                "sha256",
            },
        )
        if self.rescoring is not None:
            decisive["rescoring"] = self.rescoring.model_dump(mode="json")
        encoded = json.dumps(decisive, sort_keys=True).encode()
        return hashlib.sha256(encoded).hexdigest()


def load_card(name: str | Path | None = None) -> ModelCard:
    """Read a model card.

    Parameters
    ----------
    name : str or Path, optional
        Name of a shipped card, or path of a card's JSON file; the shipped
        detector by default.

    Raises
    ------
    SettingsError
        If there is no such card.
    ModelError
        If it does not say what a card must say.
    """
    name = DEFAULT_DETECTOR if name is None else name
    path = SHIPPED / f"{name}.json"
    if isinstance(name, Path) or "/" in name or name.endswith(".json"):
        path = Path(name)
    try:
        card = ModelCard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        shipped = ", ".join(sorted(p.stem for p in SHIPPED.glob("*.json")))
        raise SettingsError(
            f"no model card at {path}; shipped cards: {shipped}; "
            "give a name of these or the path of a card's JSON file"
        ) from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise ModelError(
            f"{path}: expected a model card: "
            f"{tell_mistakes(error, ModelCard.model_fields)}"
        ) from None
    return card.model_copy(update={"folder": path.resolve().parent})


def check_weights(card: ModelCard) -> bytes:
    """Read the bytes of a card's weights and check their hash.

    Raises
    ------
    ModelError
        If the file is missing or has another hash.
    """
    try:
        encoded = card.weights_path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"weights of {card.name} {card.version} cannot be read: {error}"
        ) from error
    found = hashlib.sha256(encoded).hexdigest()
    if found != card.sha256:
        raise ModelError(
            f"{card.weights_path}: expected sha256 {card.sha256[:12]}…, "
            f"got {found[:12]}…; the file is damaged or not the card's"
        )
    return encoded


def read_weights(card: ModelCard) -> dict[str, Any]:
    """Read a card's weights after checking their hash.

    Returns
    -------
    dict of str to numpy.ndarray
        Floating arrays as float32.

    Raises
    ------
    ModelError
        If the file is missing, is not safetensors or has another hash.
    """
    # torch takes seconds to load: only where weights are read or written
    from safetensors.numpy import load as load_safetensors

    encoded = check_weights(card)
    try:
        weights = load_safetensors(encoded)
    except SafetensorError as error:
        raise ModelError(f"{card.weights_path} is not safetensors: {error}") from error
    return {
        key: value.astype(np.float32) if value.dtype.kind == "f" else value
        for key, value in weights.items()
    }


def describe_models(cards: Iterable[ModelCard]) -> pa.Table:
    """Return the rows of table `models` for cards, sorted by name and version."""
    rows = [
        {
            "model_name": card.name,
            "model_version": card.version,
            "task": card.task,
            "architecture": card.architecture,
            "training_data": card.training_data,
            "licence": card.licence,
            "metrics": json.dumps(card.metrics, sort_keys=True),
            "is_simulated": False,
        }
        for card in cards
    ]
    rows.sort(key=lambda row: (str(row["model_name"]), str(row["model_version"])))
    return TABLES["models"].from_rows(rows)


def shipped_cards() -> list[ModelCard]:
    """Return the cards of all shipped models, by name."""
    return [load_card(path.stem) for path in sorted(SHIPPED.glob("*.json"))]
