"""What is worn where: styles, their shares by city and week, and who leads whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendlab.sources.world.streams import Floats, Stream, plan_rng
from trendlab.sources.world.truth import PlantedInfluence, PlantedStyle

GARMENTS = (
    "bag",
    "belt",
    "boots",
    "footwear",
    "outer",
    "dress",
    "sunglasses",
    "pants",
    "top",
    "shorts",
    "skirt",
    "headwear",
    "scarf/tie",
)
COLOURS = (
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
BAG, BELT, BOOTS, FOOTWEAR, OUTER, DRESS, SUNGLASSES = range(7)
PANTS, TOP, SHORTS, SKIRT, HEADWEAR, SCARF = range(7, 13)

# Weeks drawn before the first, so that the series are settled when it begins.
WARM_UP_WEEKS = 24
# Logit shares: persistence from week to week, spread of the weekly news.
PERSISTENCE = 0.6
NEWS = 0.20
# A leading city moves more, or nothing could be seen to follow it.
LEADER_NEWS = 0.38
FOLLOWER_PERSISTENCE = 0.3
FOLLOWER_NEWS = 0.10
# Moves that all cities share: a fashion of the world.
WORLD_PERSISTENCE, WORLD_NEWS = 0.8, 0.08
# Yearly swing of a style's logit share, in cities at 40 degrees and beyond.
STYLE_SEASON = 0.35
# Where cities differ for good.
CITY_TASTE = 0.25
# Only the well-known styles lead and lag: a rare one is all sampling noise.
LEADING_STYLES = (0, 2, 1, 3)
LAGS_WEEKS = (2, 3, 1, 4)
INFLUENCE_STRENGTH = 0.8


@dataclass(frozen=True)
class _Profile:
    """A style: weights of its colours, and of dress, pants, shorts, skirt; extras."""

    name: str
    weight: float
    summer: float
    base: tuple[float, float, float, float]
    extras: dict[int, float]
    colours: dict[str, float]


# Extras are logits of wearing: −1 is 27 %, 0 is 50 %, 1 is 73 %.
_PROFILES = (
    _Profile(
        "minimal",
        1.0,
        0.0,
        (0.2, 0.5, 0.05, 0.25),
        {OUTER: 0.4, BAG: 0.3, BELT: -1.5, SUNGLASSES: -1.2, BOOTS: -0.6},
        {"black": 6, "white": 4, "grey": 4, "brown": 1.5, "blue": 1},
    ),
    _Profile(
        "romantic",
        0.9,
        0.5,
        (0.55, 0.05, 0.05, 0.35),
        {OUTER: -0.6, BAG: 0.0, BELT: -1.6, SUNGLASSES: -1.5, BOOTS: -1.4},
        {"pink": 5, "white": 4, "red": 2.5, "purple": 2, "yellow": 1},
    ),
    _Profile(
        "utility",
        0.95,
        -0.7,
        (0.03, 0.8, 0.12, 0.05),
        {OUTER: 1.1, BAG: -0.3, BELT: 0.1, HEADWEAR: -0.6, BOOTS: 0.9},
        {"green": 5, "brown": 4, "black": 2.5, "grey": 1.5, "orange": 0.8},
    ),
    _Profile(
        "preppy",
        0.85,
        -0.2,
        (0.15, 0.3, 0.15, 0.4),
        {OUTER: 0.2, SCARF: 0.2, BAG: -0.2, BELT: -0.4, BOOTS: -1.2},
        {"blue": 5, "white": 3, "red": 2.5, "green": 1.5, "grey": 1},
    ),
    _Profile(
        "sporty",
        0.8,
        0.6,
        (0.03, 0.5, 0.42, 0.05),
        {OUTER: -0.3, HEADWEAR: 0.4, BAG: -0.8, SUNGLASSES: -0.2, BOOTS: -3.0},
        {"grey": 4, "black": 4, "white": 2, "orange": 2, "blue": 1.5},
    ),
    _Profile(
        "boho",
        0.6,
        0.4,
        (0.5, 0.1, 0.1, 0.3),
        {OUTER: -0.5, HEADWEAR: 0.0, BAG: 0.6, SUNGLASSES: 0.1, BOOTS: -0.2},
        {"brown": 5, "orange": 3, "yellow": 2.5, "white": 2, "purple": 1},
    ),
)
STYLE_NAMES = tuple(profile.name for profile in _PROFILES)
# Extras that a style says nothing of.
DEFAULT_EXTRAS = {
    BAG: -0.5,
    BELT: -1.6,
    BOOTS: -0.8,
    OUTER: -0.2,
    SUNGLASSES: -1.3,
    HEADWEAR: -1.5,
    SCARF: -1.6,
}
# Winter adds this to the logit of wearing, summer takes it away.
WINTER = {
    BOOTS: 0.7,
    OUTER: 1.3,
    SUNGLASSES: -0.7,
    HEADWEAR: 0.1,
    SCARF: 0.9,
    DRESS: -0.3,
    PANTS: 0.2,
    SHORTS: -1.4,
    SKIRT: -0.3,
}
# Weight of every colour beyond a style's own.
OTHER_COLOUR = 0.35


def base_logits() -> Floats:
    """Return log weights of dress, pants, shorts, skirt by style, (styles, 4)."""
    return np.asarray(np.log([profile.base for profile in _PROFILES]))


def extra_logits() -> Floats:
    """Return logits of wearing each garment by style, (styles, 13)."""
    logits = np.full((len(_PROFILES), len(GARMENTS)), -9.0)
    for style, profile in enumerate(_PROFILES):
        for garment, logit in {**DEFAULT_EXTRAS, **profile.extras}.items():
            logits[style, garment] = logit
    return logits


def winter_shift() -> Floats:
    """Return what winter adds to each garment's logit, (13,)."""
    shift = np.zeros(len(GARMENTS))
    for garment, amount in WINTER.items():
        shift[garment] = amount
    return shift


def colour_weights() -> Floats:
    """Return the share of colours by style, (styles, 11)."""
    weights = np.array(
        [
            [profile.colours.get(colour, 0.0) + OTHER_COLOUR for colour in COLOURS]
            for profile in _PROFILES
        ]
    )
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def planted_styles() -> tuple[PlantedStyle, ...]:
    """Return the styles as the truth names them."""
    styles = []
    for profile, base in zip(_PROFILES, np.exp(base_logits()), strict=True):
        worn = {
            GARMENTS[garment]: 1 / (1 + np.exp(-logit))
            for garment, logit in profile.extras.items()
        }
        names = ("dress", "pants", "shorts", "skirt")
        worn |= dict(zip(names, base.tolist(), strict=True))
        garments = sorted(worn, key=lambda name: (-worn[name], name))
        colours = sorted(profile.colours, key=lambda name: -profile.colours[name])
        styles.append(
            PlantedStyle(profile.name, tuple(garments[:4]), tuple(colours[:3]))
        )
    return tuple(styles)


def plan_influences(cities: list[str], count: int) -> tuple[PlantedInfluence, ...]:
    """Choose who leads whom: each city in one edge where there are enough."""
    edges: list[PlantedInfluence] = []
    pairs = [
        (a, b)
        for step in range(1, len(cities))
        for a in range(len(cities))
        if (b := a + step) < len(cities)
    ]
    pairs.sort(key=lambda pair: (pair[0] // 2 != pair[1] // 2, pair))
    for number, (a, b) in enumerate(pairs[: min(count, len(LEADING_STYLES))]):
        edges.append(
            PlantedInfluence(
                style=STYLE_NAMES[LEADING_STYLES[number]],
                source_city=cities[a],
                target_city=cities[b],
                lag_weeks=LAGS_WEEKS[number],
                strength=INFLUENCE_STRENGTH,
            )
        )
    return tuple(edges)


def style_shares(
    seed: int,
    weeks: int,
    seasons: Floats,
    cities: list[str],
    influences: tuple[PlantedInfluence, ...],
    leaders: frozenset[tuple[str, str]],
) -> Floats:
    """Draw the share of each style by week and place.

    Parameters
    ----------
    seed, weeks : int
    seasons : (weeks, places) float64
        1 in deep winter, −1 in high summer, less near the equator.
    cities : list of str
        Ids; the last place is elsewhere.
    influences : tuple of PlantedInfluence
        Empty in a null world.
    leaders : frozenset of (style, city)
        Whose shares move more, in null worlds too, so that the noise is the same.

    Returns
    -------
    (weeks, places, styles) float64
        Sums to 1 over styles.

    Notes
    -----
    Deviations of the log share follow an autoregression of order one; a target's
    gets `strength` × the source's deviation `lag_weeks` before.
    """
    rng = plan_rng(seed, Stream.STYLES)
    places, styles = len(cities) + 1, len(_PROFILES)
    total = weeks + WARM_UP_WEEKS
    news = rng.normal(0, 1.0, (total, places, styles))
    world_news = rng.normal(0, WORLD_NEWS, (total, styles))
    taste = rng.normal(0, CITY_TASTE, (places, styles))
    scale = np.full((places, styles), NEWS)
    keep = np.full((places, styles), PERSISTENCE)
    for name, city in leaders:
        scale[cities.index(city), STYLE_NAMES.index(name)] = LEADER_NEWS
    arrows = []
    for edge in influences:
        style = STYLE_NAMES.index(edge.style)
        a, b = cities.index(edge.source_city), cities.index(edge.target_city)
        scale[b, style], keep[b, style] = FOLLOWER_NEWS, FOLLOWER_PERSISTENCE
        arrows.append((a, b, style, edge.lag_weeks, edge.strength))
    moves = np.zeros((total, places, styles))
    world = np.zeros((total, styles))
    for week in range(1, total):
        world[week] = WORLD_PERSISTENCE * world[week - 1] + world_news[week]
        moves[week] = keep * moves[week - 1] + scale * news[week]
        for a, b, style, lag, strength in arrows:
            if week >= lag:
                moves[week, b, style] += strength * moves[week - lag, a, style]
    weight = np.log([profile.weight for profile in _PROFILES])
    summer = np.array([profile.summer for profile in _PROFILES])
    logits = (
        weight
        + taste
        + moves[WARM_UP_WEEKS:]
        + world[WARM_UP_WEEKS:, None, :]
        - STYLE_SEASON * seasons[:, :, None] * summer
    )
    shares = np.exp(logits)
    return np.asarray(shares / shares.sum(axis=2, keepdims=True))
