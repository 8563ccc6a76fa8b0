"""Every table of trendlab: columns, types, units, ranges, grain.

The only list of columns. The lake writes and reads with these schemas, the
warehouse creates its tables and COMMENTs from them, and the table reference in
`docs/tables.md` is generated from them.
"""

from __future__ import annotations

from trendlab.schemas.books import BOOKS
from trendlab.schemas.city_trends import CITY_TREND_TABLES
from trendlab.schemas.collected import COLLECTED
from trendlab.schemas.core import Column, Table
from trendlab.schemas.derived import DERIVED
from trendlab.schemas.influence import INFLUENCE
from trendlab.schemas.signals import SIGNALS
from trendlab.schemas.styles import DISCOVERED

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        *COLLECTED,
        *DERIVED,
        *SIGNALS,
        *DISCOVERED,
        *CITY_TREND_TABLES,
        *INFLUENCE,
        *BOOKS,
    )
}

__all__ = ["TABLES", "Column", "Table"]
