"""Fills the warehouse with a few rows, and asks its marts as an analyst."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

LAST_DAY = MONDAY + timedelta(days=400)


def load(warehouse: Warehouse, tables: Mapping[str, pa.Table]) -> None:
    load_days(warehouse.loader, MONDAY - timedelta(days=60), LAST_DAY, tables)


def ask(warehouse: Warehouse, question: str, **values: object) -> list[dict[str, Any]]:
    with warehouse.analyst.connect() as connection:
        rows = connection.execute(sa.text(question), values).mappings()
        return [dict(row) for row in rows]


def one(warehouse: Warehouse, question: str, **values: object) -> dict[str, Any]:
    (row,) = ask(warehouse, question, **values)
    return row


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def week(value: str, share: float, number: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "kind": "garment",
        "value": value,
        "share": share,
        "share_high": 1.0,
        "looks_count": 100,
        "looks_with_count": round(100 * share),
        "model_name": "detector",
        "day": day(7 * number),
        **more,
    }
