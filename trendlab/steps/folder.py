"""Detection on any folder of photos, outside the lake: COCO results."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from trendlab.errors import SettingsError
from trendlab.settings import Settings
from trendlab.steps.step import Progress
from trendlab.vision.models import ModelCard


def detect_images(
    settings: Settings, images: Path, out_file: Path, *, progress: Progress
) -> Iterator[str]:
    """Write COCO results for every photo of a folder and yield lines to print.

    The file appears whole or not at all; a run that was killed goes on from the
    shards that it left in `.<out>.shards`, which a finished one removes. Photos that
    cannot be used are listed in `<out>.failures.json` with the reason.

    Raises
    ------
    SettingsError
        If the folder is not there.
    """
    if not images.is_dir():
        raise SettingsError(f"--images wants a folder of photos, got {images}")
    from trendlab.vision.detect import load_detector
    from trendlab.vision.folders import (
        MEASURING_FLOOR,
        detect_folder,
        write_coco_results,
    )
    from trendlab.vision.models import load_card
    from trendlab.vision.shards import Shards

    detector = load_detector(
        load_card(settings.detector),
        device=settings.device,
        cache=settings.home / "models",
    )
    started = time.monotonic()
    shards = Shards(out_file.with_name(f".{out_file.name}.shards"), detector.card.key)
    found = detect_folder(
        images,
        detector,
        shards=shards,
        progress=lambda done, total: progress("detect", done, total),
    )
    out_file.parent.mkdir(parents=True, exist_ok=True)
    results_count = write_coco_results(found, out_file)
    shards.remove()
    failures_file = out_file.with_name(out_file.name + ".failures.json")
    if found.failures:
        _write_json(failures_file, found.failures)
    else:
        failures_file.unlink(missing_ok=True)
    seconds = time.monotonic() - started
    yield (
        f"{found.images_count} photos, {results_count} boxes of score "
        f"{MEASURING_FLOOR} or more, {len(found.failures)} photos refused, "
        f"{seconds:.1f} s: {out_file}"
    )
    yield (
        "boxes of low scores are for measuring, most of them wrong; the night counts "
        f"those from {_thresholds(detector.card)} on"
    )
    if found.failures:
        yield f"refused photos: {failures_file}"


def _thresholds(card: ModelCard) -> str:
    """Write the lowest and the highest score that the night counts from."""
    scores = sorted(card.thresholds)
    ends = (
        f"{scores[0]:.2f}"
        if scores[0] == scores[-1]
        else (f"{scores[0]:.2f} to {scores[-1]:.2f} by class")
    )
    return f"{ends} ({card.name})"


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(content))
    partial.replace(path)
