"""Train one of the research's detectors, keep its best epoch, go on after a kill."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trendlab.vision.baseline_training import Training
from trendlab.vision.shipping import save_weights
from trendlab.vision.train_config import TrainConfig
from trendlab.vision.training_data import PreparedData

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A training that has ended.

    Parameters
    ----------
    weights : Path
        Safetensors of the best epoch, half precision.
    told : dict
        For the card: epochs, the best of them, minutes, photos learned from, and
        AP50 of each epoch.
    """

    weights: Path
    told: dict[str, Any]


def train_baseline(
    config: TrainConfig,
    data: PreparedData,
    *,
    is_resumed: bool = False,
    progress: Callable[[int, int], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train a detector of the research; the best epoch by validation is kept.

    Parameters
    ----------
    config : TrainConfig
        Its architecture is a key of `architectures.BASELINES`.
    data : PreparedData
        Of the same config.
    is_resumed : bool
        Go on from `weights/last.pt` in the config's `out`.
    progress : callable, optional
        Called with epochs done and epochs planned, when each is saved.
    clock : callable
        Seconds; the config's hours are counted by it, validation included.

    Raises
    ------
    ModelError
        If there is nothing to resume, the initial weights do not fit, or the loss is
        no number any more.
    VisionError
        If a photo cannot be read.

    Notes
    -----
    With hours, the learning rate falls with the time spent where that is further
    than the epochs done, and the last epoch may be cut short.
    """
    started = clock()
    training = Training(config, data, clock)
    if is_resumed:
        training.load()
    done = training.progress
    while done.epochs_done < config.epochs:
        loss, seen = training.run_epoch(started)
        ap50 = training.validate()
        is_over = training.is_out_of_time(started)
        now = clock()
        done.seconds += now - started
        started = now
        done.epochs_done += 1
        done.history.append(
            {"loss": loss, "ap50_voc": ap50, "photos": seen, "seconds": done.seconds}
        )
        log.info(
            "train: epoch %d loss=%.3f ap50_voc=%.4f photos=%d seconds=%.0f",
            *(done.epochs_done, loss, ap50, seen, done.seconds),
        )
        if ap50 > done.best_ap50_voc:
            done.best_ap50_voc, done.best_epoch = ap50, done.epochs_done
            training.folder.mkdir(parents=True, exist_ok=True)
            save_weights(
                training.network.state_dict(), training.folder / "best.safetensors"
            )
        training.save()
        if progress is not None:
            progress(done.epochs_done, config.epochs)
        waited = done.epochs_done - done.best_epoch
        if is_over or 0 < config.patience_epochs <= waited:
            break
    return Trained(
        training.folder / "best.safetensors",
        {
            "epochs": done.epochs_done,
            "best_epoch": done.best_epoch,
            "minutes": round(done.seconds / 60, 1),
            "photos_seen": int(sum(one["photos"] for one in done.history)),
            "ap50_voc_by_epoch": [round(one["ap50_voc"], 4) for one in done.history],
        },
    )
