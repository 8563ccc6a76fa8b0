"""How much influence each city exerts and receives."""

from __future__ import annotations

import pyarrow as pa

SCORES = pa.schema(
    [
        pa.field("city", pa.string(), nullable=False),
        pa.field("style", pa.string(), nullable=False),
        pa.field("exerted", pa.float64(), nullable=False),
        pa.field("received", pa.float64(), nullable=False),
        pa.field("leads_count", pa.int32(), nullable=False),
        pa.field("follows_count", pa.int32(), nullable=False),
    ]
)
"""One row per city and style, and per city with style 'all'."""

ALL_STYLES = "all"


def score_cities(edges: pa.Table, cities: list[str]) -> pa.Table:
    """Add up the strength that each city exerts and receives, by style and in all.

    Parameters
    ----------
    edges : EDGES
    cities : list of str
        Cities to list even if they have no edge, under style 'all'.

    Returns
    -------
    pa.Table
        `SCORES`, sorted by style and city. Sizes of strengths are summed, so leading
        in the opposite direction counts as leading.
    """
    totals: dict[tuple[str, str], list[float]] = {
        (ALL_STYLES, city): [0.0, 0.0, 0.0, 0.0] for city in cities
    }
    for row in edges.to_pylist():
        for style in (ALL_STYLES, row["style"]):
            for side, city in enumerate((row["source"], row["target"])):
                total = totals.setdefault((style, city), [0.0, 0.0, 0.0, 0.0])
                total[side] += abs(row["strength"])
                total[side + 2] += 1
    keys = sorted(totals)
    columns = [
        [city for _, city in keys],
        [style for style, _ in keys],
        *([totals[key][at] for key in keys] for at in range(4)),
    ]
    return pa.table(
        [
            pa.array(column).cast(field.type)
            for column, field in zip(columns, SCORES, strict=True)
        ]
        if keys
        else [pa.array([], field.type) for field in SCORES],
        schema=SCORES,
    )
