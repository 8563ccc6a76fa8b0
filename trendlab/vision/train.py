"""Train a detector from a COCO data set, and turn trained weights into a model.

    python -m trendlab.vision.train fit --config detector.json
    python -m trendlab.vision.train export --weights best.pt --version 2 …
    python -m trendlab.vision.train tags --data DIR
    python -m trendlab.vision.train pseudo --data DIR --results found.json --out …

`export` writes what ships: safetensors, and a card whose thresholds and figures
come from the photos it is given.
"""

from __future__ import annotations

import argparse
import logging
import pickle
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import load_file

from trendlab.errors import ModelError, TrendlabError
from trendlab.vision.coco import write_yolo_data
from trendlab.vision.detect import import_ultralytics
from trendlab.vision.models import save_weights

log = logging.getLogger(__name__)


class TrainConfig(BaseModel):
    """One training, complete: what is recorded in the card's `training`.

    Parameters
    ----------
    train_annotations, val_annotations : Path
        COCO JSON; categories must be the same, with ids 0, 1, 2, ….
    images : Path
        Folder that file names of both are relative to.
    out : Path
        Folder for checkpoints (`weights/last.pt`, `weights/best.safetensors`).
    architecture : str
        Model file of ultralytics, for example ``yolov8n.yaml``.
    initial_weights : Path or None
        Safetensors to start from; tensors of other shapes (the class layers of
        another data set) are left as they are.
    epochs, image_size_px, batch, seed : int
    learning_rate : float
        Of AdamW; falls to a fiftieth along a cosine.
    patience_epochs : int
        Epochs without a better validation before stopping; 0 never stops.
    mosaic_off_epochs : int
        Last epochs without mosaics, so that the model ends on whole photos.
    warmup_epochs : float
        Epochs over which the learning rate rises.
    hours : float or None
        Time that the training may take: it plans its epochs by the time that the
        first took, so that the learning rate has fallen when time is up.
    device : str
        "cpu" or a CUDA device.
    threads : int
        CPU threads of the arithmetic.
    is_bfloat16 : bool
        On a CPU, multiply in bfloat16: 2.8 times faster where the CPU has AMX
        or AVX-512 BF16, with the same accuracy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    train_annotations: Path
    val_annotations: Path
    images: Path
    out: Path
    architecture: str = "yolov8n.yaml"
    initial_weights: Path | None = None
    epochs: int = Field(default=30, ge=1)
    image_size_px: int = Field(default=416, ge=32, multiple_of=32)
    batch: int = Field(default=16, ge=1)
    seed: int = 0
    learning_rate: float = Field(default=0.001, gt=0)
    patience_epochs: int = Field(default=0, ge=0)
    mosaic_off_epochs: int = Field(default=10, ge=0)
    warmup_epochs: float = Field(default=2, ge=0)
    hours: float | None = Field(default=None, gt=0)
    device: str = "cpu"
    threads: int = Field(default=2, ge=1)
    is_bfloat16: bool = True


def read_config(path: Path) -> TrainConfig:
    """Read a training's JSON file.

    Raises
    ------
    ModelError
        Names each field that is wrong.
    """
    try:
        return TrainConfig.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ModelError(f"{path} is not a training config: {error}") from error


def train_detector(config: TrainConfig, *, is_resumed: bool = False) -> Path:
    """Train a detector; the best epoch by validation is kept.

    Parameters
    ----------
    config : TrainConfig
    is_resumed : bool
        Go on from `weights/last.pt` in the config's `out`.

    Returns
    -------
    Path
        Safetensors of the best epoch, half precision.
    """
    import_ultralytics()
    yaml, names = write_yolo_data(
        config.out / "data",
        {"train": config.train_annotations, "val": config.val_annotations},
        config.images,
    )
    last = config.out / "weights" / "last.pt"
    if is_resumed and not last.is_file():
        raise ModelError(f"nothing to resume: no checkpoint at {last}")
    trainer_class = _trainer_class(config, len(names))
    trainer = trainer_class(
        overrides={
            "model": str(last) if is_resumed else config.architecture,
            "resume": str(last) if is_resumed else False,
            "data": str(yaml),
            "epochs": config.epochs,
            "imgsz": config.image_size_px,
            "batch": config.batch,
            "device": config.device,
            "workers": config.threads,
            "seed": config.seed,
            "optimizer": "AdamW",
            "lr0": config.learning_rate,
            "lrf": 0.02,
            "cos_lr": True,
            "warmup_epochs": config.warmup_epochs,
            "time": config.hours,
            "close_mosaic": config.mosaic_off_epochs,
            "patience": config.patience_epochs,
            "project": str(config.out.resolve().parent),
            "name": config.out.name,
            "exist_ok": True,
            "amp": config.device != "cpu",
            "plots": False,
            "cache": False,
            "verbose": False,
        }
    )
    trainer.train()
    return config.out / "weights" / "best.safetensors"


def _trainer_class(config: TrainConfig, classes_count: int) -> Any:
    """Return ultralytics' trainer with our start, arithmetic and checkpoints."""
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.nn.tasks import DetectionModel

    class Bfloat16Model(DetectionModel):  # type: ignore[misc]
        def predict(self, pixels: torch.Tensor, *args: Any, **more: Any) -> Any:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                output = super().predict(pixels, *args, **more)
            return _as_float(output)

    class Trainer(DetectionTrainer):  # type: ignore[misc]
        def get_model(
            self, cfg: Any = None, weights: Any = None, verbose: bool = True
        ) -> Any:
            model = DetectionModel(
                cfg or config.architecture, nc=classes_count, verbose=False
            )
            if weights is not None:
                model.load(weights)
            elif config.initial_weights is not None:
                _start_from(model, load_file(config.initial_weights))
            if config.is_bfloat16 and config.device == "cpu":
                model.__class__ = Bfloat16Model
            return model

        def _setup_train(self) -> Any:
            outcome = super()._setup_train()
            # ultralytics sets one thread when it chooses the CPU
            torch.set_num_threads(config.threads)
            return outcome

        def save_model(self) -> Any:
            # checkpoints name the plain class, so that restricted loading reads them
            kept = self.ema.ema.__class__
            self.ema.ema.__class__ = DetectionModel
            try:
                outcome = super().save_model()
                if self.best_fitness == self.fitness:
                    save_weights(
                        self.ema.ema.state_dict(), self.wdir / "best.safetensors"
                    )
                return outcome
            finally:
                self.ema.ema.__class__ = kept

        def plot_training_labels(self) -> None:
            """Draw nothing."""

    return Trainer


def _as_float(value: Any) -> Any:
    if torch.is_tensor(value):
        return value.float()
    if isinstance(value, dict):
        return {key: _as_float(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_as_float(one) for one in value)
    return value


def _start_from(model: Any, weights: Mapping[str, torch.Tensor]) -> None:
    own = model.state_dict()
    plain = {key.removeprefix("model.model."): value for key, value in weights.items()}
    plain |= {key.removeprefix("model."): value for key, value in plain.items()}
    fitting = {}
    for key, value in own.items():
        given = plain.get(key.removeprefix("model."))
        if given is not None and given.shape == value.shape:
            fitting[key] = given.to(value.dtype)
    if not fitting:
        raise ModelError("initial weights: no tensor fits the architecture")
    log.info("train: %d of %d tensors from the initial weights", len(fitting), len(own))
    model.load_state_dict(fitting, strict=False)


def read_foreign(path: Path) -> dict[str, torch.Tensor]:
    """Read weights that others made: safetensors, or `.pt` under restriction.

    Raises
    ------
    ModelError
        If the file would run code, or holds no detection model.
    """
    if path.suffix == ".safetensors":
        return dict(load_file(path))
    if not path.is_file():
        # ultralytics would try to download a name that it knows
        raise ModelError(f"no weights at {path}")
    import_ultralytics()
    from ultralytics.nn.tasks import torch_safe_load

    try:
        with warnings.catch_warnings():
            # an unusual pickle protocol is a warning, then a refusal
            warnings.simplefilter("ignore", UserWarning)
            checkpoint, _ = torch_safe_load(path, safe_only=True)
    except (
        TypeError,
        RuntimeError,
        AssertionError,
        AttributeError,
        pickle.UnpicklingError,
    ) as error:
        raise ModelError(
            f"{path} was refused: it is not a plain ultralytics checkpoint, or it "
            "would run code; ask its maker for safetensors"
        ) from error
    model = checkpoint.get("ema") or checkpoint.get("model")
    if not isinstance(model, torch.nn.Module):
        raise ModelError(f"{path} holds no model")
    return dict(model.state_dict())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb from the command line."""
    from trendlab.vision import export, pseudo_labels, ship_tags

    parser = argparse.ArgumentParser(prog="python -m trendlab.vision.train")
    verbs = parser.add_subparsers(dest="verb", required=True)
    fit = verbs.add_parser("fit", help="train by a config file")
    fit.add_argument("--config", type=Path, required=True)
    fit.add_argument("--resume", action="store_true")
    export.add_arguments(verbs)
    ship_tags.add_arguments(verbs)
    pseudo_labels.add_arguments(verbs)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if given.verb == "fit":
            best = train_detector(read_config(given.config), is_resumed=given.resume)
            sys.stdout.write(f"{best}\n")
        elif given.verb == "tags":
            sys.stdout.write(ship_tags.run_verb(given))
        elif given.verb == "pseudo":
            sys.stdout.write(pseudo_labels.run_verb(given))
        else:
            sys.stdout.write(export.run_verb(given))
    except TrendlabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
