"""Trains a detector by a config file and writes the model: weights and card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trendlab.steps.step import Progress


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
        resumed.
    VisionError
        If annotations or photos cannot be used.
    """
    from trendlab.vision.train_config import read_config

    # before torch is loaded, which takes seconds
    config = read_config(config_file)
    from trendlab.vision.evaluate import render_table
    from trendlab.vision.export import export_detector
    from trendlab.vision.train import prepare_data, train_detector

    data = prepare_data(config)
    yield (
        f"{data.photos['train']} photos to train on, {data.photos['repeats']} repeats "
        f"of rare classes, {data.photos['val']} to validate, {len(data.names)} classes"
    )
    if data.left_out:
        told = ", ".join(f"{name} {n}" for name, n in data.left_out.most_common())
        yield f"{data.left_out.total()} boxes left out: {told}"
    best = train_detector(
        config,
        data,
        is_resumed=is_resumed,
        progress=lambda done, total: progress("train", done, total),
    )
    card, evaluation = export_detector(
        best,
        out=config.out,
        name=config.name,
        version=config.version,
        architecture=config.detector_architecture,
        input_size_px=config.image_size_px,
        training_data=config.training_data,
        training=config.recorded(),
        annotations=data.val_annotations,
        images=config.val_images or config.images,
        measured_on=f"{data.photos['val']} validation photos that chose the epoch "
        "and the thresholds, so flattering",
        licence=config.licence,
        known_failures=("Not examined: look at photos of your own before use.",),
    )
    yield render_table(evaluation)
    yield f"{card.name} {card.version}: {config.out / f'{config.name}.json'}"
