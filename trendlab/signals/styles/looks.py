"""Looks as vectors of attributes: places of the body, extras, colours.

A place of the body holds one garment: who wears a dress wears no pants. Were each
garment its own yes or no, the first thing that a model of styles finds would be that
dresses and pants exclude each other. A place is one choice among its garments and
"none seen" instead; the rest are extras, worn or not; colours are counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]

LOOKS = pa.schema(
    [
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("garments", pa.string(), nullable=False),
        pa.field("colours", pa.string(), nullable=False),
    ]
)
"""Input, as sql/lake/look_attributes.sql gives it: one row per look, names joined by |.
Other columns may stand beside these."""

JOINED_BY = "|"
# Garments that are worn in place of each other.
PLACES = {
    "legs": ("dress", "pants", "shorts", "skirt"),
    "feet": ("boots", "footwear"),
}
# A top is seen wherever there is no dress: it says nothing of its own.
UNTOLD = frozenset({"top"})
NONE_SEEN = "none"


@dataclass(frozen=True)
class Attributes:
    """What looks are described by, in order.

    Parameters
    ----------
    names : tuple of str
        "legs:dress", "feet:none", "bag:worn", "bag:none", "colour:red".
    blocks : tuple of (int, int)
        First column and the one after the last of each place, extra, and of the
        colours; the probabilities of a block sum to 1.
    """

    names: tuple[str, ...]
    blocks: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Attributes:
        """Restore the blocks from names, in their order."""
        known = tuple(names)
        blocks: list[tuple[int, int]] = []
        first = 0
        for _, block in groupby(known, key=lambda name: name.partition(":")[0]):
            blocks.append((first, first := first + len(list(block))))
        return cls(known, tuple(blocks))


def name_attributes(looks: pa.Table) -> Attributes:
    """Name the attributes that looks have; a colour or garment never seen has none.

    Parameters
    ----------
    looks : pyarrow.Table
        `LOOKS`.
    """
    garments = set(_named(looks["garments"])[1])
    colours = sorted(set(_named(looks["colours"])[1]))
    names: list[str] = []
    for place, worn in PLACES.items():
        seen = [garment for garment in worn if garment in garments]
        if seen:
            names += [f"{place}:{garment}" for garment in (*seen, NONE_SEEN)]
    placed = {garment for worn in PLACES.values() for garment in worn}
    for extra in sorted(garments - placed - UNTOLD):
        names += [f"{extra}:worn", f"{extra}:{NONE_SEEN}"]
    # one colour is no choice
    if len(colours) > 1:
        names += [f"colour:{colour}" for colour in colours]
    return Attributes.of(names)


def describe_looks(looks: pa.Table, attributes: Attributes) -> Floats:
    """Give the vectors of looks.

    Parameters
    ----------
    looks : pyarrow.Table
        `LOOKS`, n rows.
    attributes : Attributes
        Garments and colours that it does not name are left out.

    Returns
    -------
    (n, attributes) float64
        1 for the garment of a place, shared where several are seen there; 1 for an
        extra worn or not; garments of each main colour, counted.
    """
    column = {name: at for at, name in enumerate(attributes.names)}
    vectors = np.zeros((looks.num_rows, len(column)))
    rows, colours = _named(looks["colours"])
    _count(vectors, rows, [column.get(f"colour:{one}", -1) for one in colours])
    place_of = {garment: place for place, worn in PLACES.items() for garment in worn}
    rows, garments = _named(looks["garments"])
    names = [
        f"{place_of[one]}:{one}" if one in place_of else f"{one}:worn"
        for one in garments
    ]
    _count(vectors, rows, [column.get(name, -1) for name in names])
    for first, end in attributes.blocks:
        if attributes.names[end - 1].endswith(f":{NONE_SEEN}"):
            seen = vectors[:, first : end - 1].sum(axis=1, keepdims=True)
            vectors[:, first : end - 1] /= np.maximum(seen, 1.0)
            vectors[:, end - 1] = seen[:, 0] == 0
    return vectors


def _named(joined: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Give the row of each name, and the names."""
    lists = pc.split_pattern(joined.combine_chunks(), JOINED_BY)
    rows = np.asarray(pc.list_parent_indices(lists), np.int64)
    names = pc.list_flatten(lists).to_pylist()
    # nothing joined is one empty name
    told = np.array([name != "" for name in names], bool)
    return rows[told], [name for name in names if name]


def _count(vectors: Floats, rows: npt.NDArray[np.int64], columns: list[int]) -> None:
    """Add 1 at each row and column; −1 is no column."""
    at = np.array(columns, np.int64)
    np.add.at(vectors, (rows[at >= 0], at[at >= 0]), 1.0)
