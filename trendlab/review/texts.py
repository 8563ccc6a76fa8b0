"""Posts for people to read, and what they said of their sentiment.

The list does not show the model's label: a reader who sees it agrees too often.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import UnknownFormat
from trendlab.schemas import TABLES

LABELS = ("negative", "neutral", "positive")
COLUMNS = (
    "day",
    "source",
    "item_id",
    "inclusion_probability",
    "text",
    "verdict",
)
# Longer posts are cut in the list; the post itself is at its source.
SHOWN_CHARACTERS = 2_000


@dataclass(frozen=True)
class RefusedRow:
    """A row of the list that cannot be used, by its line in the file."""

    line_number: int
    reason: str


def choose_texts(
    sentiment: pa.Table, *, size: int, rng: np.random.Generator
) -> pa.Table:
    """Draw scored posts, each with the same chance.

    Parameters
    ----------
    sentiment : pyarrow.Table
        Schema `sentiment`.
    size : int
        Posts to draw; all where there are fewer.
    rng : numpy.random.Generator

    Returns
    -------
    pyarrow.Table
        Columns day, source, item_id and inclusion_probability, in random order.
    """
    posts = sentiment.filter(
        pc.and_(sentiment["is_scored"], pc.equal(sentiment["item_kind"], "post"))
    ).sort_by([("day", "ascending"), ("source", "ascending"), ("item_id", "ascending")])
    drawn = rng.permutation(posts.num_rows)[:size]
    chance = min(1.0, size / posts.num_rows) if posts.num_rows else 1.0
    chosen = posts.select(["day", "source", "item_id"]).take(pa.array(drawn))
    return chosen.append_column(
        "inclusion_probability", pa.repeat(chance, chosen.num_rows)
    )


def write_list(
    chosen: pa.Table, captions: Mapping[tuple[str, str], str], file: Path
) -> None:
    """Write the list to fill in: CSV with an empty column `verdict`."""
    with file.open("w", newline="", encoding="utf-8-sig") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        for row in chosen.to_pylist():
            shown = captions.get((row["source"], row["item_id"]), "")
            writer.writerow(
                [
                    row["day"].isoformat(),
                    row["source"],
                    row["item_id"],
                    f"{row['inclusion_probability']:.8f}",
                    inert(shown[:SHOWN_CHARACTERS]),
                    "",
                ]
            )


def inert(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text and does not compute."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def read_list(file: Path) -> Iterator[dict[str, Any] | RefusedRow]:
    """Read a list that was filled in; rows without a verdict come as None verdicts.

    Yields
    ------
    dict or RefusedRow
        day, source, item_id, inclusion_probability and verdict (None where empty).

    Raises
    ------
    UnknownFormat
        If the file is not such a list.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            missing = set(COLUMNS) - {"text"} - set(reader.fieldnames or ())
            if missing:
                raise UnknownFormat(
                    f"{file}: expected the list that `trendlab review texts-export` "
                    f"writes, but it has no column {', '.join(sorted(missing))}"
                )
            for row in reader:
                yield _read_row(row, reader.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnknownFormat(
            f"{file} cannot be read as CSV in UTF-8: {error}"
        ) from error


def _read_row(row: Mapping[str, Any], line_number: int) -> dict[str, Any] | RefusedRow:
    verdict = (row["verdict"] or "").strip().lower()
    if verdict and verdict not in LABELS:
        return RefusedRow(
            line_number,
            f"expected {', '.join(LABELS)} or nothing, got {verdict[:40]!r}",
        )
    try:
        chance = float(row["inclusion_probability"])
        read = {
            "day": date.fromisoformat(row["day"]),
            "source": row["source"],
            "item_id": row["item_id"],
            "inclusion_probability": chance,
            "verdict": verdict or None,
        }
    except (TypeError, ValueError) as error:
        return RefusedRow(line_number, f"a column was changed: {error}"[:200])
    if not 0 < chance <= 1:
        return RefusedRow(line_number, f"inclusion_probability {chance} is no chance")
    return read


def as_reviews(
    read: list[dict[str, Any]],
    sentiment: pa.Table,
    *,
    reviewer: str,
    reviewed_at: datetime,
) -> tuple[pa.Table, int]:
    """Join verdicts to what the model says of the same posts now.

    Parameters
    ----------
    read : list of dict
        Rows of `read_list` that have a verdict.
    sentiment : pyarrow.Table
        Schema `sentiment`, of the days of these rows.

    Returns
    -------
    reviews : pyarrow.Table
        Schema `text_reviews`.
    unknown_count : int
        Verdicts on posts that are not there or not scored (any more).
    """
    said = {
        (row["source"], row["item_id"]): row
        for row in sentiment.to_pylist()
        if row["is_scored"] and row["item_kind"] == "post"
    }
    rows = []
    for row in read:
        known = said.get((row["source"], row["item_id"]))
        if known is None:
            continue
        rows.append(
            {
                **row,
                "day": known["day"],
                "predicted_label": known["label"],
                "model_name": known["model_name"],
                "model_version": known["model_version"],
                "reviewer": reviewer,
                "reviewed_at": reviewed_at,
            }
        )
    return TABLES["text_reviews"].from_rows(rows), len(read) - len(rows)
