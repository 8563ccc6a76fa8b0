"""What people wear in the photos of a day, and what a detector would see of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from trendlab.schemas import TABLES
from trendlab.sources.world.columns import as_table, constant, taken
from trendlab.sources.world.config import MODEL_NAME, MODEL_VERSION, SOURCE_NAME
from trendlab.sources.world.plan import Plan
from trendlab.sources.world.streams import Floats, Ints, within_group
from trendlab.sources.world.styles import (
    BELT,
    BOOTS,
    COLOURS,
    DRESS,
    FOOTWEAR,
    GARMENTS,
    HEADWEAR,
    OUTER,
    PANTS,
    SCARF,
    SHORTS,
    SKIRT,
    STYLE_NAMES,
    SUNGLASSES,
    TOP,
    base_logits,
    colour_weights,
    extra_logits,
    winter_shift,
)

# Shoes are seen in most photos that show no boots, a top wherever there is no dress.
FOOTWEAR_SHARE, TOP_SHARE = 0.7, 0.93
# Share of garments that the shipped kind of detector does not find: small and thin
# ones most, as the measured recall of a YOLOv8n on street-style photos.
MISSED = np.full(len(GARMENTS), 0.15)
MISSED[[BELT, SUNGLASSES, HEADWEAR, SCARF]] = (0.5, 0.4, 0.35, 0.5)
# What a class is mistaken for, and how often.
MISTAKEN_FOR = np.arange(len(GARMENTS))
MISTAKEN = np.zeros(len(GARMENTS))
for _garment, _other, _share in (
    (BOOTS, FOOTWEAR, 0.2),
    (OUTER, TOP, 0.06),
    (SKIRT, DRESS, 0.05),
    (DRESS, SKIRT, 0.05),
    (SHORTS, PANTS, 0.06),
    (PANTS, SHORTS, 0.01),
):
    MISTAKEN_FOR[_garment], MISTAKEN[_garment] = _other, _share
# False finds per look, and the score below which a detector says nothing.
FALSE_FINDS = 0.05
LEAST_SCORE = 0.25
# Colours that light and shade turn into one another, and how often.
COLOUR_MISTAKEN_FOR = np.array([2, 2, 0, 9, 3, 4, 7, 8, 7, 3, 4])
COLOUR_MISTAKEN = 0.06
# CIE L*, a*, b* of a typical garment of each colour.
LAB = np.array(
    [
        [14, 1, 0],
        [92, 0, 2],
        [56, 0, 0],
        [42, 58, 36],
        [63, 44, 62],
        [82, 6, 72],
        [48, -34, 26],
        [38, 8, -38],
        [36, 36, -34],
        [70, 40, 2],
        [36, 16, 24],
    ],
    dtype=np.float64,
)
LAB_SPREAD = 4.0
# Photos as Instagram serves upright ones, scaled to 640 px.
IMAGE_WIDTH_PX, IMAGE_HEIGHT_PX = 640, 800
# Where a garment sits on a person: left, top, width, height as shares of the person.
PLACE_ON_PERSON = np.array(
    [
        [0.62, 0.42, 0.36, 0.22],
        [0.30, 0.44, 0.40, 0.05],
        [0.28, 0.84, 0.46, 0.16],
        [0.28, 0.90, 0.46, 0.10],
        [0.10, 0.16, 0.80, 0.46],
        [0.18, 0.17, 0.64, 0.60],
        [0.40, 0.06, 0.20, 0.04],
        [0.25, 0.46, 0.50, 0.46],
        [0.20, 0.17, 0.60, 0.32],
        [0.24, 0.46, 0.52, 0.20],
        [0.22, 0.46, 0.56, 0.30],
        [0.34, 0.00, 0.32, 0.09],
        [0.34, 0.15, 0.32, 0.20],
    ]
)
# A person's height over its width in street-style photos.
PERSON_RATIO = 2.6

_BASE = base_logits()
_EXTRA = extra_logits()
_WINTER = winter_shift()
_COLOUR_BOUNDS = np.cumsum(colour_weights(), axis=1)
_BASE_GARMENTS = np.array([DRESS, PANTS, SHORTS, SKIRT])


@dataclass(frozen=True)
class Worn:
    """The looks of a day's photos, one entry each, and their garments.

    Parameters
    ----------
    style : (m,) int64
    look, garment, colour : (k,) int64
        Garments worn, sorted by look: position of the look, class, colour.
    """

    style: Ints
    look: Ints
    garment: Ints
    colour: Ints

    def first_of(self) -> tuple[Ints, Ints]:
        """Return garment and colour that a caption names, one for each look.

        The base garment (dress, pants, shorts, skirt), which every look has.
        """
        bases = np.flatnonzero(np.isin(self.garment, _BASE_GARMENTS))
        # an event can add a second one to a look
        _, first = np.unique(self.look[bases], return_index=True)
        return self.garment[bases[first]], self.colour[bases[first]]


def draw_worn(rng: np.random.Generator, plan: Plan, day: date, place: Ints) -> Worn:
    """Draw what is worn in the photos of a day, given their places.

    Notes
    -----
    Events force their colour or garment on a share of the city's looks, beyond what
    its styles would wear.
    """
    count = len(place)
    week = plan.week_index(day)
    bounds = np.cumsum(plan.styles[week], axis=1)[place]
    style = (rng.random((count, 1)) > bounds[:, :-1]).sum(axis=1)
    winter = plan.seasons[week][place][:, None]
    base = _BASE[style] + winter * _WINTER[_BASE_GARMENTS]
    gumbel = -np.log(-np.log(rng.random((count, 4))))
    chosen = _BASE_GARMENTS[np.argmax(base + gumbel, axis=1)]
    logits = _EXTRA[style] + winter * _WINTER
    draws = rng.random((count, len(GARMENTS)))
    is_worn = draws < 1 / (1 + np.exp(-logits))
    is_worn[:, _BASE_GARMENTS] = False
    is_worn[np.arange(count), chosen] = True
    is_worn[:, TOP] = (draws[:, TOP] < TOP_SHARE) & (chosen != DRESS)
    is_worn[:, FOOTWEAR] = (draws[:, FOOTWEAR] < FOOTWEAR_SHARE) & ~is_worn[:, BOOTS]
    events = [event for event in plan.truth.events if _is_on(event.weeks, day)]
    forced = rng.random(count)
    for event in events:
        if event.kind == "garment":
            here = place == plan.truth.cities.index(event.city)
            is_worn[here & (forced < event.strength), GARMENTS.index(event.value)] = (
                True
            )
    look, garment = np.nonzero(is_worn)
    point = rng.random((len(look), 1))
    colour = (point > _COLOUR_BOUNDS[style[look], :-1]).sum(axis=1)
    swayed = rng.random(len(look))
    for event in events:
        if event.kind == "colour":
            here = place[look] == plan.truth.cities.index(event.city)
            colour[here & (swayed < event.strength)] = COLOURS.index(event.value)
    return Worn(style, look, garment, colour)


def _is_on(weeks: tuple[date, ...], day: date) -> bool:
    return any(0 <= (day - monday).days < 7 for monday in weeks)


def seen_tables(
    rng: np.random.Generator,
    worn: Worn,
    post_ids: pa.Array,
    media_index: Ints,
    *,
    day: date,
    run_id: str,
) -> dict[str, pa.Table]:
    """Return garments, garment_tags and looks as a detector would find them.

    Parameters
    ----------
    rng : numpy.random.Generator
    worn : Worn
    post_ids : (m,) pyarrow.StringArray
        Post of each photo, sorted.
    media_index : (m,) int64
    day : date
    run_id : str

    Returns
    -------
    dict of str to pyarrow.Table
        Declared schemas, sorted by key; a photo in which nothing is found has no
        look.
    """
    look, garment, colour, score = _detect(rng, worn)
    boxes = _boxes(rng, look, garment, len(worn.style))
    index = within_group(look)
    shared = {
        "day": constant(day, len(look), pa.date32()),
        "source": constant(SOURCE_NAME, len(look)),
        "post_id": taken(post_ids, look),
        "media_index": media_index[look],
        "garment_index": index,
        "category": taken(pa.array(GARMENTS), garment),
        "model_name": constant(MODEL_NAME, len(look)),
        "model_version": constant(MODEL_VERSION, len(look)),
        "run_id": constant(run_id, len(look)),
    }
    garments = {
        **shared,
        "look_index": np.zeros(len(look), dtype=np.int64),
        "category_id": garment,
        "score": score,
        "x_px": boxes[:, 0],
        "y_px": boxes[:, 1],
        "width_px": boxes[:, 2],
        "height_px": boxes[:, 3],
        "image_width_px": np.full(len(look), IMAGE_WIDTH_PX),
        "image_height_px": np.full(len(look), IMAGE_HEIGHT_PX),
    }
    lab = LAB[colour] + rng.normal(0, LAB_SPREAD, (len(look), 3))
    lab[:, 0] = np.clip(lab[:, 0], 0, 100)
    tags = {
        **shared,
        "attribute": constant("colour", len(look)),
        "value": taken(pa.array(COLOURS), colour),
        "value_rank": np.zeros(len(look), dtype=np.int64),
        "value_share": np.round(0.45 + 0.5 * rng.random(len(look)), 3),
        "lab_l": np.round(lab[:, 0], 2),
        "lab_a": np.round(lab[:, 1], 2),
        "lab_b": np.round(lab[:, 2], 2),
    }
    found = np.bincount(look, minlength=len(worn.style))
    kept = np.flatnonzero(found)
    looks = {
        "day": constant(day, len(kept), pa.date32()),
        "source": constant(SOURCE_NAME, len(kept)),
        "post_id": taken(post_ids, kept),
        "media_index": media_index[kept],
        "look_index": np.zeros(len(kept), dtype=np.int64),
        "look_kind": constant("simulated", len(kept)),
        "garments_count": found[kept],
        "style": taken(pa.array(STYLE_NAMES), worn.style[kept]),
        "vector": pa.nulls(len(kept), TABLES["looks"].column("vector").type),
        "is_duplicate": np.zeros(len(kept), dtype=bool),
        "model_name": constant(MODEL_NAME, len(kept)),
        "model_version": constant(MODEL_VERSION, len(kept)),
        "run_id": constant(run_id, len(kept)),
    }
    return {
        "garments": as_table("garments", garments),
        "garment_tags": as_table("garment_tags", tags),
        "looks": as_table("looks", looks),
    }


def _detect(rng: np.random.Generator, worn: Worn) -> tuple[Ints, Ints, Ints, Floats]:
    """Return look, class, colour and score of what is found, by look and score."""
    is_found = rng.random(len(worn.look)) >= MISSED[worn.garment]
    look = worn.look[is_found]
    garment = worn.garment[is_found]
    colour = worn.colour[is_found]
    is_mistaken = rng.random(len(garment)) < MISTAKEN[garment]
    garment = np.where(is_mistaken, MISTAKEN_FOR[garment], garment)
    score = 0.32 + 0.66 * rng.beta(4.0, 2.2, len(look))
    # a detector is less sure where it is wrong
    score[is_mistaken] *= 0.75
    is_false = rng.random(len(worn.style)) < FALSE_FINDS
    false_look = np.flatnonzero(is_false)
    look = np.concatenate([look, false_look])
    garment = np.concatenate([garment, rng.integers(0, len(GARMENTS), len(false_look))])
    colour = np.concatenate([colour, rng.integers(0, len(COLOURS), len(false_look))])
    score = np.concatenate(
        [score, LEAST_SCORE + 0.35 * rng.beta(1.5, 3.0, len(false_look))]
    )
    is_other = rng.random(len(colour)) < COLOUR_MISTAKEN
    colour = np.where(is_other, COLOUR_MISTAKEN_FOR[colour], colour)
    score = np.asarray(np.maximum(score, LEAST_SCORE).round(4), np.float64)
    order = np.lexsort((garment, -score, look))
    return look[order], garment[order], colour[order], score[order]


def _boxes(
    rng: np.random.Generator, look: Ints, garment: Ints, look_count: int
) -> Floats:
    """Place garments on people within the photo, (k, 4) x, y, width, height in px."""
    height = IMAGE_HEIGHT_PX * (0.62 + 0.3 * rng.random(look_count))
    width = height / PERSON_RATIO
    left = (IMAGE_WIDTH_PX - width) * (0.25 + 0.5 * rng.random(look_count))
    top = (IMAGE_HEIGHT_PX - height) * rng.random(look_count)
    place = PLACE_ON_PERSON[garment] * (1 + 0.06 * rng.normal(size=(len(look), 4)))
    x = np.clip(left[look] + place[:, 0] * width[look], 0, IMAGE_WIDTH_PX - 2)
    y = np.clip(top[look] + place[:, 1] * height[look], 0, IMAGE_HEIGHT_PX - 2)
    box_width = np.clip(place[:, 2] * width[look], 2, IMAGE_WIDTH_PX - x)
    box_height = np.clip(place[:, 3] * height[look], 2, IMAGE_HEIGHT_PX - y)
    boxes = np.column_stack([x, y, box_width, box_height]).round(1)
    return np.asarray(boxes, np.float64)
