"""Trains a detector by a config file and writes the model: weights and card."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trendlab.steps.step import Progress

if TYPE_CHECKING:
    from trendlab.vision.train_config import TrainConfig
    from trendlab.vision.training_data import PreparedData


def train_from_config(
    config_file: Path, *, is_resumed: bool = False, progress: Progress
) -> Iterator[str]:
    """Train a detector, choose its thresholds on val, and yield lines to print.

    The model is `<out>/<name>.json` and `<out>/<name>.safetensors`, as
    `trendlab detect --model` takes it. After a kill, `is_resumed` goes on from the
    last epoch that was saved.

    Raises
    ------
    ModelError
        Names the line and field of the config that is wrong, or what cannot be
        resumed, or that the device is not there.
    VisionError
        If annotations or photos cannot be used.
    """
    from trendlab.vision.train_config import read_config

    # before torch is loaded, which takes seconds
    config = read_config(config_file)
    from trendlab.vision.detect import choose_device
    from trendlab.vision.evaluate import render_table
    from trendlab.vision.export import export_detector
    from trendlab.vision.training_data import prepare_data

    if config.device != "cpu":
        choose_device("cuda")
    data = prepare_data(config)
    yield (
        f"{data.photos['train']} photos to train on, {data.photos['repeats']} repeats "
        f"of rare classes, {data.photos['val']} to validate, {len(data.names)} classes"
    )
    if data.left_out:
        told = ", ".join(f"{name} {n}" for name, n in data.left_out.most_common())
        yield f"{data.left_out.total()} boxes left out: {told}"
    if data.outside_count:
        yield (
            f"{data.outside_count} boxes to learn from left out: nothing of them lies "
            "within the photo"
        )
    trained = _train(
        config,
        data,
        is_resumed=is_resumed,
        progress=lambda done, total: progress("train", done, total),
    )
    card, evaluation = export_detector(
        trained.weights,
        out=config.out,
        name=config.name,
        version=config.version,
        architecture=config.detector_architecture,
        input_size_px=config.image_size_px,
        training_data=config.training_data,
        training=config.recorded() | trained.told,
        annotations=data.val_annotations,
        images=config.val_images or config.images,
        measured_on=f"{data.photos['val']} validation photos that chose the epoch "
        "and the thresholds, so flattering",
        nms_iou=trained.nms_iou,
        notes=trained.notes,
        licence=config.licence,
        known_failures=("Not examined: look at photos of your own before use.",),
    )
    yield render_table(evaluation)
    yield f"{card.name} {card.version}: {config.out / f'{config.name}.json'}"


@dataclass(frozen=True)
class _Trained:
    """What a trainer gives for the card: weights, how it went, where boxes are one."""

    weights: Path
    told: dict[str, Any]
    nms_iou: float
    notes: str


def _train(
    config: TrainConfig,
    data: PreparedData,
    *,
    is_resumed: bool,
    progress: Callable[[int, int], None],
) -> _Trained:
    """Train by the trainer that knows the config's architecture."""
    from trendlab.vision.architectures import BASELINES
    from trendlab.vision.models import DEFAULT_NMS_IOU

    if config.architecture not in BASELINES:
        from trendlab.vision.train import train_detector

        best = train_detector(config, data, is_resumed=is_resumed, progress=progress)
        return _Trained(best, {}, DEFAULT_NMS_IOU, "")
    from trendlab.vision.baselines import NMS_IOU
    from trendlab.vision.train_baseline import train_baseline

    trained = train_baseline(config, data, is_resumed=is_resumed, progress=progress)
    start = "given weights" if config.initial_weights else "random weights"
    return _Trained(
        trained.weights,
        {"trained": trained.told},
        NMS_IOU,
        f"{BASELINES[config.architecture]}; started from {start}. To compare with.",
    )
