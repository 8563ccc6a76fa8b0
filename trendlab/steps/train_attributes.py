"""Trains classifiers of attributes by a config file and prints their figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trendlab.steps.step import Progress


def train_from_config(config_file: Path, *, progress: Progress) -> Iterator[str]:
    """Train attributes on labelled garments, and yield lines to print.

    The classifiers read the shipped detector's features, as `trendlab tag` does. The
    model is `<out>/<name>.json` and `<out>/<name>.safetensors`, which
    TRENDLAB_ATTRIBUTES takes.

    Raises
    ------
    ModelError
        Names the line and field of the config or the row of the labels that is
        wrong, or what is too little to learn from.
    """
    from trendlab.vision.attributes_config import AttributesConfig
    from trendlab.vision.train_config import read_fields

    # before the detector is loaded, which takes seconds
    config = read_fields(config_file, AttributesConfig, example="seed: 0")
    from trendlab.vision.detect import load_detector
    from trendlab.vision.models import load_card
    from trendlab.vision.ship_attributes import render_attributes, train_attributes

    detector = load_detector(load_card(), config.device)
    trained = train_attributes(
        config, detector, progress=lambda done, total: progress("look", done, total)
    )
    if trained.photos_missed_count:
        yield f"{trained.photos_missed_count} photos could not be used"
    for attribute in trained.left_out:
        yield (
            f"{attribute} is left out: no class has two values with "
            f"{config.min_examples} garments each"
        )
    yield render_attributes(trained.card)
    card = trained.card
    yield f"{card.name} {card.version}: {config.out / f'{card.name}.json'}"
