"""One training in one YAML file: what it is, and what is wrong with it by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from trendlab.errors import ModelError
from trendlab.mistakes import tell_mistake
from trendlab.vision.architectures import BASELINES, find_model_file
from trendlab.vision.datasets import DataFormat
from trendlab.yaml_lines import find_line, read_lines, write_out

Fields = TypeVar("Fields", bound=BaseModel)

# Fields that say where things are, which a card does not tell.
PLACES = frozenset(
    {"train_annotations", "val_annotations", "images", "val_images", "out"}
)


class TrainConfig(BaseModel):
    """One training, complete: what is recorded in the card's `training`.

    Parameters
    ----------
    name, version : str
        Of the model, as its card will say.
    train_annotations, val_annotations : Path
        COCO JSON with the same categories, ids 0, 1, 2, …; or what `data_format`
        says. Relative paths count from the working folder.
    data_format : {"coco", "modanet", "deepfashion2", "fashionpedia"}
        All but plain COCO are mapped to the 13 classes of `datasets.CLASSES`.
    images : Path
        Folder that file names are relative to.
    val_images : Path or None
        The same for the validation photos, where it is another.
    out : Path
        Folder for checkpoints (`weights/last.pt`) and for the model: weights and
        card.
    training_data : str
        What the photos are, in words, for the card.
    licence : str
        Of the weights, for the card.
    classes : {"own", "upper-lower-full"}
        The annotations' own, or the 13 joined into the three of
        `class_groups.UPPER_LOWER_FULL`.
    architecture : str
        Model file of ultralytics, for example ``yolov8n.yaml``. One with ``-seg``
        learns from the outlines in the annotations (`segmentation`) too; what it
        leaves is a detector, without the layers that make masks. Or one of the
        research's detectors, a key of `architectures.BASELINES`.
    initial_weights : Path or None
        Safetensors, or a `.pt` that restricted loading accepts, to start from;
        tensors of other shapes (the class layers of another data set) are left as
        they are.
    repeat_below_share : float or None
        Class-balanced sampling: photos with a class that is in a share f of photos
        below this are listed round(sqrt(this / f)) times. None lists each once.
    repeat_most : int
        Times that a photo is listed at most.
    epochs, image_size_px, batch, seed : int
    learning_rate : float
        Of AdamW; falls to a fiftieth along a cosine.
    patience_epochs : int
        Epochs without a better validation before stopping; 0 never stops.
    augment : bool
        Vary the photos: ultralytics' way for its networks, SSD's for the research's.
    mosaic_off_epochs : int
        Last epochs without mosaics, so that the model ends on whole photos; of
        ultralytics' networks only.
    warmup_epochs : float
        Epochs over which the learning rate rises.
    hours : float or None
        Time that the training may take; the learning rate has fallen when it is up.
        ultralytics plans its epochs by the time that the first took; the research's
        detectors stop within an epoch.
    device : str
        "cpu", "cuda" or one GPU of several, such as "cuda:1".
    threads : int
        CPU threads of the arithmetic.
    is_bfloat16 : bool
        On a CPU, multiply in bfloat16: 2.8 times faster where the CPU has AMX
        or AVX-512 BF16, with the same accuracy. The research's detectors do so on a
        GPU too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="detector", pattern=r"^[a-z0-9-]{1,60}$")
    version: str = Field(default="1", pattern=r"^[0-9A-Za-z.+-]{1,40}$")
    train_annotations: Path
    val_annotations: Path
    data_format: DataFormat = "coco"
    images: Path
    val_images: Path | None = None
    out: Path
    training_data: str = "not described in the training's config"
    licence: str = (
        "AGPL-3.0-or-later, as the code that trained it; rights in the "
        "training photos are not described in the training's config"
    )
    classes: Literal["own", "upper-lower-full"] = "own"
    architecture: str = "yolov8n.yaml"
    initial_weights: Path | None = None
    repeat_below_share: float | None = Field(default=None, gt=0, le=1)
    repeat_most: int = Field(default=3, ge=1)
    epochs: int = Field(default=30, ge=1)
    image_size_px: int = Field(default=416, ge=32, multiple_of=32)
    batch: int = Field(default=16, ge=1)
    seed: int = 0
    learning_rate: float = Field(default=0.001, gt=0)
    patience_epochs: int = Field(default=0, ge=0)
    augment: bool = True
    mosaic_off_epochs: int = Field(default=10, ge=0)
    warmup_epochs: float = Field(default=2, ge=0)
    hours: float | None = Field(default=None, gt=0)
    device: str = Field(default="cpu", pattern=r"^(cpu|cuda(:[0-9]+)?)$")
    threads: int = Field(default=2, ge=1)
    is_bfloat16: bool = True

    @field_validator("architecture")
    @classmethod
    def _check_architecture(cls, name: str) -> str:
        if name not in BASELINES:
            try:
                find_model_file(name)
            except ModelError as error:
                raise ValueError(str(error)) from None
        return name

    @property
    def is_segmentation(self) -> bool:
        """Whether outlines are learned beside boxes."""
        return "-seg" in self.architecture

    @property
    def detector_architecture(self) -> str:
        """Model file of what a training leaves."""
        return self.architecture.replace("-seg", "")

    def recorded(self) -> dict[str, Any]:
        """Return the fields that a card records: all but where things are."""
        fields = self.model_dump(mode="json", exclude=set(PLACES))
        if self.initial_weights is not None:
            fields["initial_weights"] = self.initial_weights.name
        return fields


def read_config(path: Path) -> TrainConfig:
    """Read the YAML file of a detector's training; see `read_fields`."""
    return read_fields(path, TrainConfig, example="epochs: 30")


def read_fields(path: Path, model: type[Fields], *, example: str) -> Fields:
    """Read a training's YAML file into the fields of a model.

    Parameters
    ----------
    path : Path
    model : type of pydantic model
    example : str
        A line that the file might have, for messages.

    Raises
    ------
    ModelError
        Names the file, and the line and field of each mistake.
    """
    content = read_lines(
        path,
        what="a training's config",
        wanted=f"fields such as `{example}`",
        comment_hint="",
        error=ModelError,
    )
    try:
        return model.model_validate(write_out(content, path, ModelError))
    except ValidationError as error:
        told = []
        for item in error.errors(include_url=False):
            line, field = find_line(content, item["loc"], model.model_fields)
            message = tell_mistake(item, model.model_fields)
            told.append(f"{path}:{line}: {field}: {message}")
        raise ModelError("\n".join(told)) from None
