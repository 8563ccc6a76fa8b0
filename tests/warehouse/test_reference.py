from __future__ import annotations

from trendlab.schemas import TABLES
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.reference import marts_markdown, tables_markdown
from trendlab.warehouse.scripts import read_scripts


def test_the_table_reference_names_every_table_and_column() -> None:
    page = tables_markdown()
    for table in TABLES.values():
        assert f"\n## {table.name}\n" in page
        for column in table.columns:
            assert f"| `{column.name}` |" in page
    assert "image, video, album" in page


def test_the_mart_reference_names_every_mart_and_explains_every_column(
    served: Warehouse,
) -> None:
    page = marts_markdown(served.analyst)
    for mart in read_scripts("marts"):
        assert f"\n## {mart}\n" in page
        assert f"[{mart}](#{mart}) | One row per" in page
    assert "|  |\n" not in page


def test_the_reference_is_the_same_every_time(served: Warehouse) -> None:
    assert marts_markdown(served.owner) == marts_markdown(served.analyst)
    assert tables_markdown() == tables_markdown()
