"""Train a detector from annotated photos; the makers' verbs around training.

    python -m trendlab.vision.train export --weights best.pt --version 2 …
    python -m trendlab.vision.train tags --data DIR
    python -m trendlab.vision.train lengths --data DIR --part train --out …
    python -m trendlab.vision.train pseudo --data DIR --results found.json --out …
    python -m trendlab.vision.train people --data DIR --coco-weights … --out …
    python -m trendlab.vision.train crops --data DIR --annotations pseudo.json …

`trendlab train detector` trains. `export` writes what ships: safetensors, and a
card whose thresholds and figures come from the photos it is given.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from trendlab.errors import ModelError, TrendlabError, VisionError
from trendlab.vision.architectures import read_model_file
from trendlab.vision.detect import import_ultralytics
from trendlab.vision.foreign import read_foreign, start_from
from trendlab.vision.shipping import save_weights
from trendlab.vision.train_config import TrainConfig
from trendlab.vision.training_data import PreparedData

log = logging.getLogger(__name__)


def train_detector(
    config: TrainConfig,
    data: PreparedData,
    *,
    is_resumed: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train a detector; the best epoch by validation is kept.

    Parameters
    ----------
    config : TrainConfig
    data : PreparedData
        Of the same config.
    is_resumed : bool
        Go on from `weights/last.pt` in the config's `out`.
    progress : callable, optional
        Called with epochs done and epochs planned, when each is saved.

    Returns
    -------
    Path
        Safetensors of the best epoch, half precision.

    Raises
    ------
    ModelError
        If there is nothing to resume, or the initial weights do not fit.
    VisionError
        If ultralytics cannot use a photo.
    """
    import_ultralytics()
    yaml = config.out / "data" / "data.yaml"
    last = config.out / "weights" / "last.pt"
    if is_resumed and not last.is_file():
        raise ModelError(f"nothing to resume: no checkpoint at {last}")
    trainer_class = _trainer_class(config, len(data.names))
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
            "patience": config.patience_epochs,
            "project": str(config.out.resolve().parent),
            "name": config.out.name,
            "exist_ok": True,
            "amp": config.device != "cpu",
            "plots": False,
            "cache": False,
            "verbose": False,
            **augmentation(config),
        }
    )
    if progress is not None:
        trainer.add_callback(
            "on_model_save", lambda one: progress(one.epoch + 1, one.epochs)
        )
    trainer.train()
    return config.out / "weights" / "best.safetensors"


def augmentation(config: TrainConfig) -> dict[str, float]:
    """Return ultralytics' settings of augmentation: its own, or none at all."""
    if config.augment:
        return {"close_mosaic": config.mosaic_off_epochs}
    random = ("hsv_h", "hsv_s", "hsv_v", "translate", "scale", "fliplr", "mosaic")
    return dict.fromkeys(random, 0.0)


def _trainer_class(config: TrainConfig, classes_count: int) -> Any:
    """Return ultralytics' trainer with our start, arithmetic and checkpoints."""
    from ultralytics.models.yolo.detect import DetectionTrainer
    from ultralytics.models.yolo.segment import SegmentationTrainer
    from ultralytics.nn.tasks import DetectionModel, SegmentationModel

    network, trainer = (
        (SegmentationModel, SegmentationTrainer)
        if config.is_segmentation
        else (DetectionModel, DetectionTrainer)
    )

    class Bfloat16Model(network):  # type: ignore[misc,valid-type]
        def predict(self, pixels: torch.Tensor, *args: Any, **more: Any) -> Any:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                output = super().predict(pixels, *args, **more)
            return _as_float(output)

    class Trainer(trainer):  # type: ignore[misc,valid-type]
        def get_model(
            self, cfg: Any = None, weights: Any = None, verbose: bool = True
        ) -> Any:
            # a checkpoint that is resumed from brings its own
            layers = cfg if isinstance(cfg, dict) else read_model_file(cfg)
            model = network(layers, nc=classes_count, verbose=False)
            if weights is not None:
                model.load(weights)
            elif config.initial_weights is not None:
                start_from(model, read_foreign(config.initial_weights))
            if config.is_bfloat16 and config.device == "cpu":
                model.__class__ = Bfloat16Model
            return model

        def _setup_train(self) -> Any:
            outcome = super()._setup_train()
            # ultralytics sets one thread when it chooses the CPU
            torch.set_num_threads(config.threads)
            for part, loader in (
                ("train", self.train_loader),
                ("val", self.test_loader),
            ):
                listed = len(list((config.out / "data" / "images" / part).iterdir()))
                _check_count(part, len(loader.dataset), listed)
            return outcome

        def save_model(self) -> Any:
            # checkpoints name the plain class, so that restricted loading reads them
            kept = self.ema.ema.__class__
            self.ema.ema.__class__ = network
            try:
                outcome = super().save_model()
                if self.best_fitness == self.fitness:
                    save_weights(
                        without_masks(self.ema.ema.state_dict()),
                        self.wdir / "best.safetensors",
                    )
                return outcome
            finally:
                self.ema.ema.__class__ = kept

        def plot_training_labels(self) -> None:
            """Draw nothing."""

    return Trainer


def _check_count(part: str, taken: int, listed: int) -> None:
    """Refuse to learn without photos that ultralytics could not use."""
    if taken != listed:
        raise VisionError(
            f"expected {listed} photos in {part}, ultralytics can use {taken} of them; "
            "a file is damaged, or its name has an ending that it does not know"
        )


def without_masks(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Leave out the layers of a segmentation head that make masks.

    What is left is a detector of the same architecture without ``-seg``: masks
    taught it, and it costs no more.
    """
    heads = {
        key.removesuffix("proto.cv1.conv.weight")
        for key in weights
        if key.endswith(".proto.cv1.conv.weight")
    }
    dropped = tuple(head + part for head in heads for part in ("proto.", "cv4."))
    return {
        key: value
        for key, value in weights.items()
        if not (dropped and key.startswith(dropped))
    }


def _as_float(value: Any) -> Any:
    if torch.is_tensor(value):
        return value.float()
    if isinstance(value, dict):
        return {key: _as_float(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_as_float(one) for one in value)
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb from the command line."""
    from trendlab.vision import (
        ccp_lengths,
        export,
        outlines,
        people_data,
        pseudo_labels,
        ship_tags,
        train_crops,
    )

    parser = argparse.ArgumentParser(prog="python -m trendlab.vision.train")
    verbs = parser.add_subparsers(dest="verb", required=True)
    runs = {
        "export": export,
        "tags": ship_tags,
        "lengths": ccp_lengths,
        "pseudo": pseudo_labels,
        "people": people_data,
        "crops": train_crops,
        "outlines": outlines,
    }
    for one in runs.values():
        one.add_arguments(verbs)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        sys.stdout.write(runs[given.verb].run_verb(given))
    except TrendlabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
