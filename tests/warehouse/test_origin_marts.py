"""What the marts tell of where an event's authors are at home: that of its apex."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from tests.warehouse.rows import MONDAY, rows_of
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

APEX, END = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
DAYS = (MONDAY, APEX, END)


def states(table: str, id_name: str) -> pa.Table:
    """One event as it was known on each of three days, unlike on the second."""
    return rows_of(
        table,
        *(
            {
                "day": day,
                id_name: "event",
                "tracker": "outfits",
                "city": "paris",
                "start_on": MONDAY,
                "apex_on": min(day, APEX),
                "end_on": day,
            }
            for day in DAYS
        ),
    )


def origins(kind: str) -> list[dict[str, Any]]:
    """Half of an event's authors come from Rome on its second day alone."""

    def row(day: date, home: str, part: float) -> dict[str, Any]:
        verdict = "one_city" if day == APEX else "as_usual"
        return {
            "day": day,
            "event_kind": kind,
            "event_id": "event",
            "home_city": home,
            "excess_share": part,
            "usual_share": part,
            "verdict": verdict,
            "description": f"{kind} {verdict}",
            "p_value": 0.01,
        }

    return [
        row(day, home, 0.5 if day == APEX else whole)
        for day in DAYS
        for home, whole in (("paris", 1.0), ("rome", 0.0))
    ]


@pytest.fixture
def loaded(warehouse: Warehouse) -> Warehouse:
    tables = {
        "peaks": states("peaks", "peak_id"),
        "dips": states("dips", "dip_id"),
        "event_origins": rows_of("event_origins", *origins("peak"), *origins("dip")),
    }
    load_days(warehouse.loader, MONDAY, END, tables)
    return warehouse


def ask(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.analyst.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


@pytest.mark.parametrize(("mart", "kind"), [("peaks", "peak"), ("dips", "dip")])
def test_an_event_tells_the_origin_of_its_apex(
    loaded: Warehouse, mart: str, kind: str
) -> None:
    told = ask(loaded, f"select apex_on, origin_verdict, origin from marts.{mart}")
    assert told == [(APEX, "one_city", f"{kind} one_city")]


def test_an_event_has_a_row_for_each_home_of_its_apex(loaded: Warehouse) -> None:
    told = ask(
        loaded,
        "select event_kind, home_city, excess_share, apex_on, end_on "
        "from marts.peak_origins order by event_kind, home_city",
    )
    assert told == [
        (kind, home, 0.5, APEX, END)
        for kind in ("dip", "peak")
        for home in ("paris", "rome")
    ]
