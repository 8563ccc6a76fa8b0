"""SSD300 as the research used it, for training from scratch: plain and feature-fused.

Boxes, loss, mining of negatives and suppression are torchvision's `SSD`. Only the
network under it is put together here, for three things that torchvision's
`ssd300_vgg16` does not have: normalisation after every convolution (without it VGG-16
is started from weights of ImageNet, and none are here), fewer channels, fused maps.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD
from torchvision.models.vgg import make_layers
from torchvision.ops import Conv2dNormActivation

# Side of what the network sees; photos are stretched to the square.
SIDE_PX = 300

# Channels of VGG-16's convolutions, configuration D; M halves the map.
VGG16 = (
    64,
    64,
    "M",
    128,
    128,
    "M",
    256,
    256,
    256,
    "M",
    512,
    512,
    512,
    "M",
    512,
    512,
    512,
)

# Boxes of each map: shares of the side, and pixels a cell (Liu et al., section 2.2,
# as torchvision's `ssd300_vgg16` has them).
ASPECT_RATIOS = ([2], [2, 3], [2, 3], [2, 3], [2], [2])
SCALES = (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05)
STEPS_PX = (8, 16, 32, 64, 100, 300)

# Scales that the maps are brought to before they are joined (Cao et al.).
FINE_SCALE, COARSE_SCALE = 10.0, 20.0


class ScaledNorm(nn.Module):  # type: ignore[misc]
    """Bring each cell of a map to one length, learned per channel.

    References
    ----------
    Liu, Rabinovich and Berg (2015), ParseNet, section 3.3.
    """

    def __init__(self, channels: int, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """Return a map of the same shape, (photos, channels, rows, columns)."""
        return self.scale.view(1, -1, 1, 1) * functional.normalize(cells)


class FusedMap(nn.Module):  # type: ignore[misc]
    """Join a fine map with a coarser one that sees more around each cell.

    The concatenation module of the feature-fused SSD: a 3 × 3 convolution on either
    map, the coarser enlarged before, both normalised to scales of their own, side by
    side, and a 1 × 1 convolution back to the fine map's channels.

    Parameters
    ----------
    fine, coarse : int
        Channels of the two maps.

    Notes
    -----
    The paper enlarges by a deconvolution that starts as bilinear; here it stays
    bilinear, which needs no weights and takes odd sizes.

    References
    ----------
    Cao et al. (2018), Feature-fused SSD: fast detection for small objects
    (arXiv:1709.05054).
    """

    def __init__(self, fine: int, coarse: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            nn.Conv2d(fine, fine, 3, padding=1), ScaledNorm(fine, FINE_SCALE)
        )
        self.coarse = nn.Sequential(
            nn.Conv2d(coarse, fine, 3, padding=1), ScaledNorm(fine, COARSE_SCALE)
        )
        self.joined = Conv2dNormActivation(2 * fine, fine, kernel_size=1)

    def forward(self, fine: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
        """Return a map of the shape of `fine`, (photos, channels, rows, columns)."""
        enlarged = functional.interpolate(
            coarse, size=fine.shape[2:], mode="bilinear", align_corners=False
        )
        fused: torch.Tensor = self.joined(
            torch.cat((self.fine(fine), self.coarse(enlarged)), 1)
        )
        return fused


class VggMaps(nn.Module):  # type: ignore[misc]
    """The six maps that SSD300 finds boxes in, of VGG-16 with batch normalisation.

    Parameters
    ----------
    width : float
        Share of the channels of VGG-16 and of the layers added to it, above 0 to 1.
    is_fused : bool
        Whether the finest map is conv4_3 joined with conv5_3.

    Attributes
    ----------
    out_channels : list of int
        Channels of the six maps.

    References
    ----------
    Liu et al. (2016), SSD: single shot multibox detector; Zhu et al. (2019),
    ScratchDet: training single-shot object detectors from scratch (batch
    normalisation is what makes it possible).
    """

    def __init__(self, width: float, *, is_fused: bool) -> None:
        super().__init__()

        def narrowed(channels: int) -> int:
            return max(1, round(channels * width))

        layers = list(
            make_layers(
                [one if one == "M" else narrowed(int(one)) for one in VGG16],
                batch_norm=True,
            )
        )
        pools = [at for at, one in enumerate(layers) if isinstance(one, nn.MaxPool2d)]
        # 75 cells become 38, as in the paper, not 37
        layers[pools[2]].ceil_mode = True
        fine, coarse = narrowed(512), narrowed(1024)
        self.to_conv4 = nn.Sequential(*layers[: pools[3]])
        self.to_conv5 = nn.Sequential(*layers[pools[3] :])
        self.finest = FusedMap(fine, fine) if is_fused else ScaledNorm(fine, 20.0)
        self.to_fc7 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1),
            Conv2dNormActivation(fine, coarse, kernel_size=3, padding=6, dilation=6),
            Conv2dNormActivation(coarse, coarse, kernel_size=1),
        )
        half, quarter, eighth = narrowed(512), narrowed(256), narrowed(128)
        self.extra = nn.ModuleList(
            [
                _squeezed(coarse, quarter, half, stride=2, padding=1),
                _squeezed(half, eighth, quarter, stride=2, padding=1),
                _squeezed(quarter, eighth, quarter, stride=1, padding=0),
                _squeezed(quarter, eighth, quarter, stride=1, padding=0, is_last=True),
            ]
        )
        self.is_fused = is_fused
        self.out_channels = [fine, coarse, half, quarter, quarter, quarter]

    def forward(self, pixels: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        """Return the maps, finest first.

        Parameters
        ----------
        pixels : (photos, 3, 300, 300) float

        Returns
        -------
        dict of (photos, channels, cells, cells)
            With 38, 19, 10, 5, 3 and 1 cells a side.
        """
        conv4 = self.to_conv4(pixels)
        conv5 = self.to_conv5(conv4)
        maps = [self.finest(conv4, conv5) if self.is_fused else self.finest(conv4)]
        maps.append(self.to_fc7(conv5))
        for layer in self.extra:
            maps.append(layer(maps[-1]))
        return OrderedDict((str(at), one) for at, one in enumerate(maps))


def _squeezed(
    incoming: int,
    between: int,
    outgoing: int,
    *,
    stride: int,
    padding: int,
    is_last: bool = False,
) -> nn.Sequential:
    """Return a 1 × 1 and a 3 × 3 convolution; the last map has one cell.

    Normalised over a batch of single cells, the last would be zero in a batch of one,
    so it is not.
    """
    second = (
        nn.Sequential(nn.Conv2d(between, outgoing, 3), nn.ReLU(inplace=True))
        if is_last
        else Conv2dNormActivation(
            between, outgoing, kernel_size=3, stride=stride, padding=padding
        )
    )
    return nn.Sequential(Conv2dNormActivation(incoming, between, kernel_size=1), second)


def build_ssd(
    classes_count: int, *, width: float, is_fused: bool, **limits: float
) -> SSD:
    """Build SSD300 with random weights.

    Parameters
    ----------
    classes_count : int
        Classes of garments; the background is added.
    width : float
    is_fused : bool
        As in `VggMaps`.
    **limits
        Of what is found, as torchvision's `SSD` takes them: score_thresh,
        nms_thresh, detections_per_img.
    """
    return SSD(
        VggMaps(width, is_fused=is_fused),
        DefaultBoxGenerator(
            [list(one) for one in ASPECT_RATIOS],
            scales=list(SCALES),
            steps=list(STEPS_PX),
        ),
        (SIDE_PX, SIDE_PX),
        classes_count + 1,
        **limits,
    )
