"""Counts whose posts were erased after their period break no rule; others do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.warehouse.rows import MONDAY, rows_of, world
from trendlab.errors import MartTestFailed
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import load_days

LAST_DAY = MONDAY + timedelta(days=13)


@pytest.mark.parametrize(("days", "is_told"), [(14, False), (13, True)])
def test_activity_may_outlive_its_posts_up_to_the_horizon(
    warehouse: Warehouse, days: int, is_told: bool
) -> None:
    tables = world()
    for name in ("posts", "tracker_posts"):
        tables[name] = tables[name].slice(0, 0)
    before = {"table_name": "tracker_posts", "before_day": MONDAY + timedelta(days)}
    tables["expirations"] = rows_of("expirations", before)
    load_days(warehouse.loader, MONDAY, LAST_DAY, tables)

    if is_told:
        with pytest.raises(MartTestFailed, match="activity_counts_the_posts"):
            marts.run_tests(warehouse.owner)
    else:
        assert "activity_counts_the_posts" in marts.run_tests(warehouse.owner)
