"""EfficientNet-Lite0 that looks at one garment: its class, or that it is none.

References
----------
Tan and Le (2019), EfficientNet; the Lite variant (TensorFlow, 2020) has no
squeeze-and-excitation and ReLU6 throughout.
"""

from __future__ import annotations

import torch
from torch import nn
from torchvision.ops.misc import Conv2dNormActivation

from trendlab.vision.crops import PLACE_COUNT

# Blocks, kernel, stride of the first, expansion, channels: EfficientNet-B0's stages.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_COUNT = 32
FEATURES_COUNT = 1280
PLACE_FEATURES_COUNT = 64

# The part before these blocks keeps its ImageNet weights: edges and textures.
FROZEN_BLOCKS_COUNT = 3

# As TensorFlow's.
_EPSILON = 1e-3


class Block(nn.Module):  # type: ignore[misc]
    """A mobile inverted bottleneck."""

    def __init__(
        self, before: int, after: int, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        wide = before * expansion
        layers = [_convolution(before, wide, 1)] if expansion > 1 else []
        layers += [
            _convolution(wide, wide, kernel, stride, groups=wide),
            _convolution(wide, after, 1, is_linear=True),
        ]
        self.layers = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and before == after
        # part of the photos whose block is skipped while learning
        self.skipped_share = 0.0

    def forward(self, here: torch.Tensor) -> torch.Tensor:
        """Return the map after the block."""
        there = self.layers(here)
        if not self.has_shortcut:
            return there
        if self.training and self.skipped_share > 0:
            kept = 1 - self.skipped_share
            chosen = torch.rand(len(there), 1, 1, 1, dtype=there.dtype) < kept
            there = there * chosen / kept
        return there + here


class GarmentClassifier(nn.Module):  # type: ignore[misc]
    """Tells the class of what a crop shows, from its pixels and its place.

    Parameters
    ----------
    classes_count : int
        Classes, without the one for none of them, which comes last.
    """

    def __init__(self, classes_count: int) -> None:
        super().__init__()
        self.stem = _convolution(3, STEM_COUNT, 3, 2)
        blocks, before = [], STEM_COUNT
        for count, kernel, stride, expansion, after in STAGES:
            for number in range(count):
                first = stride if number == 0 else 1
                blocks.append(Block(before, after, kernel, first, expansion))
                before = after
        self.blocks = nn.Sequential(*blocks)
        self.head = _convolution(before, FEATURES_COUNT, 1)
        self.place = nn.Linear(PLACE_COUNT, PLACE_FEATURES_COUNT)
        self.drop = nn.Dropout(0.3)
        self.classes = nn.Linear(
            FEATURES_COUNT + PLACE_FEATURES_COUNT, classes_count + 1
        )

    def forward(self, pixels: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Return logits.

        Parameters
        ----------
        pixels : (n, 3, side, side) float
            0 to 255, RGB; the side is a multiple of 32.
        place : (n, 4) float
            As `place_in_photo` gives it.

        Returns
        -------
        (n, classes + 1) float
        """
        here = self.stem((pixels - 127) / 128)
        here = self.head(self.blocks(here))
        told = torch.relu(self.place(place))
        both = torch.cat([here.float().mean((2, 3)), told], 1)
        return self.classes(self.drop(both))


def _convolution(
    before: int,
    after: int,
    kernel: int,
    stride: int = 1,
    *,
    groups: int = 1,
    is_linear: bool = False,
) -> nn.Module:
    """Return a convolution with normalisation, padded as TensorFlow pads.

    At stride 2 and an even side it pads one pixel more after than before.
    """
    layer = Conv2dNormActivation(
        before,
        after,
        kernel,
        stride,
        padding=0 if stride > 1 else None,
        groups=groups,
        norm_layer=lambda count: nn.BatchNorm2d(count, eps=_EPSILON, momentum=0.01),
        activation_layer=None if is_linear else nn.ReLU6,
        inplace=None if is_linear else True,
    )
    if stride == 1:
        return layer
    less, more = (kernel - 2) // 2, (kernel - 1) // 2
    return nn.Sequential(nn.ZeroPad2d((less, more, less, more)), *layer)
