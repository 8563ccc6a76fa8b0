"""The network in PyTorch: up to the raw head, on a GPU or as a fallback on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from trendlab.errors import ModelError
from trendlab.vision.images import Pixels
from trendlab.vision.models import ModelCard, read_weights
from trendlab.vision.runtime import HEAD_MAPS_COUNT, Floats


def give_weights(network: nn.Module, card: ModelCard) -> nn.Module:
    """Give a network the weights of its card, for inference.

    Raises
    ------
    ModelError
        If they are missing, changed or of another architecture.
    """
    weights = {
        key: torch.from_numpy(np.asarray(value))
        for key, value in read_weights(card).items()
    }
    try:
        network.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise ModelError(
            f"weights of {card.name} {card.version} do not fit {card.architecture} "
            f"with {len(card.classes)} classes: {error}"
        ) from error
    return network.eval()


class HeadAndNeck(nn.Module):  # type: ignore[misc]
    """The network up to the raw head, with the maps that the head reads.

    Parameters
    ----------
    layers : torch.nn.Sequential
        Layers of an ultralytics detection model, the head last.
    saved : sequence of int
        Layers whose output a later one reads.
    """

    def __init__(self, layers: nn.Sequential, saved: Sequence[int]) -> None:
        super().__init__()
        self.layers = layers
        self.saved = set(saved)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return three head maps, then three neck maps, finest first."""
        here = pixels
        outputs: list[Any] = []
        *body, head = list(self.layers)
        for number, layer in enumerate(body):
            here = layer(_inputs_of(layer, here, outputs))
            outputs.append(here if number in self.saved else None)
        neck = [outputs[number] for number in head.f]
        raw = [
            torch.cat((sides(level), classes(level)), 1)
            for sides, classes, level in zip(head.cv2, head.cv3, neck, strict=True)
        ]
        return (*raw, *neck)


def _inputs_of(layer: Any, here: torch.Tensor, outputs: Sequence[Any]) -> Any:
    if isinstance(layer.f, int):
        return here if layer.f == -1 else outputs[layer.f]
    return [here if number == -1 else outputs[number] for number in layer.f]


class TorchRuntime:
    """Runs the network by PyTorch, in half precision on a GPU."""

    def __init__(self, network: HeadAndNeck, device: str) -> None:
        self.name = f"torch-{device}"
        self.lanes_count = 1
        self.batch_count = 64 if device.startswith("cuda") else 4
        self._device = torch.device(device)
        self._type = torch.float16 if self._device.type == "cuda" else torch.float32
        self._network = network.to(self._device, self._type).eval()
        self._network = self._network.to(memory_format=torch.channels_last)

    def run(self, batch: Pixels, *, with_neck: bool) -> list[Floats]:
        """Run one batch; maps come back on the CPU as float32."""
        with torch.inference_mode():
            pixels = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2)
            maps = self._network(pixels.to(self._type) / 255)
            wanted = maps if with_neck else maps[:HEAD_MAPS_COUNT]
            return [one.float().cpu().numpy() for one in wanted]
