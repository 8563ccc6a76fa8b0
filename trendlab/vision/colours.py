"""Name colours by the eleven basic terms, and find the main ones of a garment.

Colours are compared in CIE Lab (D65). What is named is the colour as photographed:
shade, flash and filters are part of it.

References
----------
Berlin and Kay (1969), Basic color terms: the eleven.
Benavente, Vanrell and Baldrich (2008), Parametric fuzzy sets for automatic color
naming, JOSA A 25(10): what counts as without hue, and the lightness at which
black ends and white begins.
Munroe (2010), the XKCD colour survey (222,500 sessions; public domain; the
averages of 949 names as matplotlib carries them): where hues begin and end. A
name such as "dusty light blue" is an example of its last word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float32]

BASIC_TERMS = (
    "black",
    "white",
    "grey",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
)

# Lightness (L*) at which black becomes grey and grey becomes white: Benavente et al.,
# table 1.
BLACK_BELOW_L = 28.28
WHITE_ABOVE_L = 79.65

# Half axes of the ellipse around the grey axis that has no hue, in a* and b*:
# Benavente et al. give 5.4 to 6.5 and 6.9 to 7.9 by lightness; these are the middles.
NO_HUE_A = 5.9
NO_HUE_B = 7.4

# Below this lightness a screen shows black, whatever the bytes say of hue.
ALL_BLACK_BELOW_L = 10.0

# Named examples that vote on a colour; more blur small categories, one is noisy.
_NEIGHBOURS = 5

# sRGB to linear light (IEC 61966-2-1), and to CIE XYZ relative to D65's white.
_LINEAR = np.array(
    [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in np.arange(256) / 255
    ],
    np.float32,
)
_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_RGB_TO_XYZ_OF_WHITE = (_RGB_TO_XYZ / _RGB_TO_XYZ.sum(1, keepdims=True)).astype(
    np.float32
)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27  # CIE 15:2004

# Clusters that a garment's pixels are divided into before naming: enough for a
# print and its ground, few enough that shading does not become a colour.
CLUSTERS_COUNT = 5

# Rounds of k-means; the centres move less than 1 ΔE after about six.
_ROUNDS = 8

# A colour with a smaller share of the garment is shade, a button or a wrong pixel.
MIN_SHARE = 0.1


@dataclass(frozen=True)
class Colour:
    """One of a garment's main colours.

    Parameters
    ----------
    name : str
        One of `BASIC_TERMS`.
    share : float
        Share of the garment's pixels, 0 to 1.
    lab : tuple of float
        Mean CIE L*, a*, b* (D65) of the pixels so named.
    """

    name: str
    share: float
    lab: tuple[float, float, float]


def to_lab(pixels: npt.NDArray[np.uint8]) -> Floats:
    """Convert sRGB bytes to CIE Lab (D65).

    Parameters
    ----------
    pixels : (rows, columns, 3) uint8

    Returns
    -------
    (rows, columns, 3) float32
        L* 0 to 100, a* and b* about −128 to 127.
    """
    xyz = _LINEAR[pixels] @ _RGB_TO_XYZ_OF_WHITE.T
    root = np.where(xyz > _EPSILON, np.cbrt(xyz), (_KAPPA * xyz + 16) / 116)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    lab = np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)
    return np.asarray(lab, np.float32)


@lru_cache(maxsize=1)
def _named_examples() -> tuple[cKDTree, npt.NDArray[np.int64]]:
    """Return the survey's colours in Lab, and the term that each is an example of."""
    from matplotlib.colors import XKCD_COLORS, to_rgb

    rgb, terms = [], []
    for name, code in sorted(XKCD_COLORS.items()):
        last = name.removeprefix("xkcd:").replace("gray", "grey").split()[-1]
        # "blue grey" and the like have hue here, so grey is not among the hues
        if last in BASIC_TERMS and last != "grey" and "/" not in name:
            rgb.append(to_rgb(code))
            terms.append(BASIC_TERMS.index(last))
    pixels = (np.array(rgb)[None] * 255).round().astype(np.uint8)
    return cKDTree(to_lab(pixels)[0]), np.array(terms)


def name_colours(lab: Floats) -> npt.NDArray[np.int64]:
    """Name colours.

    Parameters
    ----------
    lab : (n, 3) float32
        CIE L*, a*, b* (D65).

    Returns
    -------
    (n,) int64
        Positions in `BASIC_TERMS`.

    Notes
    -----
    Within the ellipse around the grey axis, lightness decides. Outside it the
    nearest named examples of the survey vote, each by 1 / (1 + ΔE).
    """
    if len(lab) == 0:
        return np.zeros(0, np.int64)
    tree, terms = _named_examples()
    distances, neighbours = tree.query(lab, k=_NEIGHBOURS)
    votes = np.zeros((len(lab), len(BASIC_TERMS)))
    rows = np.arange(len(lab))[:, None]
    np.add.at(votes, (rows, terms[neighbours]), 1 / (1 + distances))
    named = votes.argmax(1)
    without_hue = (lab[:, 1] / NO_HUE_A) ** 2 + (lab[:, 2] / NO_HUE_B) ** 2 < 1
    by_lightness = np.where(
        lab[:, 0] < BLACK_BELOW_L,
        BASIC_TERMS.index("black"),
        np.where(
            lab[:, 0] > WHITE_ABOVE_L,
            BASIC_TERMS.index("white"),
            BASIC_TERMS.index("grey"),
        ),
    )
    named = np.where(lab[:, 0] < ALL_BLACK_BELOW_L, BASIC_TERMS.index("black"), named)
    return np.where(without_hue, by_lightness, named).astype(np.int64)


def cluster_colours(
    lab: Floats, weights: Floats, count: int = CLUSTERS_COUNT
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Divide pixels into clusters of like colour (weighted k-means).

    Parameters
    ----------
    lab : (n, 3) float32
    weights : (n,) float32
    count : int

    Returns
    -------
    centres : (≤ count, 3) float32
    members : (n,) int64
        Cluster of each pixel.

    Notes
    -----
    Starts from the weighted mean and then the pixel farthest from all starts, so
    that equal pixels give equal clusters; no chance is involved.
    """
    mean = np.average(lab, axis=0, weights=weights).astype(np.float32)
    starts = [mean]
    gap = ((lab - mean) ** 2).sum(1)
    for _ in range(count - 1):
        far = int((gap * np.minimum(weights, np.median(weights))).argmax())
        if gap[far] == 0:
            break
        starts.append(lab[far])
        gap = np.minimum(gap, ((lab - lab[far]) ** 2).sum(1))
    centres = np.array(starts, np.float32)
    members = np.zeros(len(lab), np.int64)
    for _ in range(_ROUNDS):
        members = ((lab[:, None] - centres[None]) ** 2).sum(2).argmin(1)
        mass = np.bincount(members, weights, len(centres))
        sums = np.stack(
            [
                np.bincount(members, weights * lab[:, axis], len(centres))
                for axis in range(3)
            ],
            1,
        )
        is_used = mass > 0
        centres[is_used] = sums[is_used] / mass[is_used, None]
    return centres, members


def find_colours(lab: Floats, weights: Floats) -> list[Colour]:
    """Find a garment's main colours.

    Parameters
    ----------
    lab : (n, 3) float32
        Pixels in CIE Lab.
    weights : (n,) float32
        How surely each pixel belongs to the garment.

    Returns
    -------
    list of Colour
        By falling share; shares of what is left out are left out too. Empty where
        no pixel has weight.
    """
    is_seen = weights > 0
    lab, weights = lab[is_seen], weights[is_seen]
    if len(lab) == 0:
        return []
    centres, members = cluster_colours(lab, weights)
    mass = np.bincount(members, weights, len(centres))
    terms = name_colours(centres)
    total = float(mass.sum())
    colours = []
    for term in np.unique(terms):
        mine = (terms == term) & (mass > 0)
        if not mine.any():
            continue
        share = float(mass[mine].sum()) / total
        lightness, a, b = np.average(centres[mine], axis=0, weights=mass[mine])
        name = BASIC_TERMS[int(term)]
        colours.append(Colour(name, share, (float(lightness), float(a), float(b))))
    colours.sort(key=lambda colour: (-colour.share, colour.name))
    return [
        colour
        for rank, colour in enumerate(colours)
        if rank == 0 or colour.share >= MIN_SHARE
    ]
