"""One training of a research detector: its network, photos, optimiser, checkpoint.

ultralytics' trainer knows only its own networks, and no other trainer is among the
libraries here, so an epoch is written out. It draws the same photos in the same way
whether or not the training was resumed at it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from trendlab.errors import ModelError
from trendlab.vision.annotated import detect_with
from trendlab.vision.annotated_photos import AnnotatedPhotos, as_lists
from trendlab.vision.baselines import NMS_IOU, BaselineDetector, build_baseline
from trendlab.vision.coco import read_coco
from trendlab.vision.evaluate import evaluate_detections
from trendlab.vision.foreign import read_foreign, start_from
from trendlab.vision.models import ModelCard
from trendlab.vision.train_config import TrainConfig
from trendlab.vision.training_data import PreparedData

# The learning rate ends at this share of where it began, as in ultralytics' cosine.
LAST_RATE_SHARE = 0.02

# Gradients longer than this are shortened: a single photo cannot throw weights off.
MAX_GRADIENT = 10.0

# Apart from these, a config must be the one that a checkpoint was made with.
MAY_CHANGE = frozenset(
    {"epochs", "hours", "patience_epochs", "threads", "training_data", "licence"}
)


@dataclass
class Progress:
    """What a training has come to, as its checkpoint holds it beside the weights."""

    epochs_done: int = 0
    seconds: float = 0.0
    best_ap50_voc: float = -1.0
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


class Training:
    """Network, optimiser and photos of one training."""

    def __init__(
        self, config: TrainConfig, data: PreparedData, clock: Callable[[], float]
    ) -> None:
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.clock = config, clock
        self.device = torch.device(config.device)
        self.network = build_baseline(config.architecture, len(data.names))
        if config.initial_weights is not None:
            start_from(self.network, read_foreign(config.initial_weights))
        # the layout that convolutions are fastest in: a third of the time
        self.network.to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, fused=True
        )
        self.photos = AnnotatedPhotos(
            read_coco(data.train_annotations),
            config.images,
            config.image_size_px,
            is_varied=config.augment,
        )
        self.val = read_coco(data.val_annotations)
        self.val_images = config.val_images or config.images
        self.draft = _draft_card(config, data.names)
        self.folder = config.out / "weights"
        self.progress = Progress()

    def is_out_of_time(self, started: float) -> bool:
        """Tell whether the hours that the config gives are spent."""
        return self._time_share(started) >= 1

    def _time_share(self, started: float) -> float:
        if self.config.hours is None:
            return 0.0
        spent = self.progress.seconds + self.clock() - started
        return spent / (3600 * self.config.hours)

    def _set_rate(self, step: int, steps: int, started: float) -> None:
        """Let the learning rate rise, then fall along a cosine with what is left."""
        epochs = self.progress.epochs_done + step / steps
        share = min(1.0, max(epochs / self.config.epochs, self._time_share(started)))
        fall = (1 + math.cos(math.pi * share)) / 2
        rate = LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * fall
        if epochs < self.config.warmup_epochs:
            rate *= (epochs + 1 / steps) / (self.config.warmup_epochs + 1 / steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * rate

    def run_epoch(self, started: float) -> tuple[float, int]:
        """Learn from every photo once, or until time is up.

        Returns
        -------
        loss : float
            Mean over the steps done.
        photos_count : int

        Raises
        ------
        ModelError
            If the loss is no number any more.
        """
        config = self.config
        # not one sequence for all epochs: a resumed epoch must draw what it would have
        seed = config.seed * 1_000_003 + self.progress.epochs_done
        torch.manual_seed(seed)
        loader = torch.utils.data.DataLoader(
            self.photos,
            batch_size=config.batch,
            shuffle=True,
            collate_fn=as_lists,
            generator=torch.Generator().manual_seed(seed),
            num_workers=0 if self.device.type == "cpu" else config.threads,
        )
        self.network.train()
        losses: list[float] = []
        seen = 0
        for step, (photos, targets) in enumerate(loader):
            if losses and self.is_out_of_time(started):
                break
            self._set_rate(step, len(loader), started)
            losses.append(self._learn(photos, targets))
            seen += len(photos)
            if not math.isfinite(losses[-1]):
                raise ModelError(
                    f"the loss became {losses[-1]} in epoch "
                    f"{self.progress.epochs_done + 1}; lower learning_rate "
                    f"({config.learning_rate}) and go on with --resume"
                )
        return sum(losses) / len(losses), seen

    def _learn(self, photos: list[torch.Tensor], targets: list[Any]) -> float:
        moved = [photo.to(self.device) for photo in photos]
        wanted = [
            {key: value.to(self.device) for key, value in one.items()}
            for one in targets
        ]
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.config.is_bfloat16
        ):
            parts = self.network(moved, wanted)
        loss = sum(one.float() for one in parts.values())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        self.optimizer.step()
        return float(loss.detach())

    def validate(self) -> float:
        """Return VOC AP50 on the validation photos, by the code that detects."""
        detector = BaselineDetector(self.draft, self.network, self.config.device)
        found = detect_with(detector, self.val, self.val_images)
        return evaluate_detections(self.val, found.results).ap50_voc

    def save(self) -> None:
        """Write the checkpoint; it appears whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / ".last.pt.partial"
        torch.save(
            {
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "progress": json.dumps(vars(self.progress)),
                "config": json.dumps(self.config.recorded()),
            },
            partial,
        )
        partial.replace(self.folder / "last.pt")

    def load(self) -> None:
        """Go on from the checkpoint.

        Raises
        ------
        ModelError
            If there is none, or it was made with another config.
        """
        path = self.folder / "last.pt"
        if not path.is_file():
            raise ModelError(f"nothing to resume: no checkpoint at {path}")
        kept = torch.load(path, map_location=self.device, weights_only=True)
        before, now = json.loads(kept["config"]), self.config.recorded()
        changed = sorted(
            key
            for key in before.keys() | now.keys()
            if key not in MAY_CHANGE and before.get(key) != now.get(key)
        )
        if changed:
            raise ModelError(
                f"{path} was made with another config; changed since: "
                f"{', '.join(changed)}. Put them back, or train anew in another `out`"
            )
        self.network.load_state_dict(kept["network"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.progress = Progress(**json.loads(kept["progress"]))


def _draft_card(config: TrainConfig, names: tuple[str, ...]) -> ModelCard:
    """Return the card of a model that has no weights on disk yet."""
    return ModelCard(
        name=config.name,
        version=config.version,
        task="detect",
        architecture=config.architecture,
        classes=names,
        input_size_px=config.image_size_px,
        thresholds=(0.0,) * len(names),
        nms_iou=NMS_IOU,
        training_data=config.training_data,
        licence=config.licence,
        weights_file=f"{config.name}.safetensors",
        sha256="0" * 64,
    )
