"""What takes a file of an older schema version to the next.

A column that is only added, and may be NULL, needs no entry and no new version.
For anything else (a column renamed, retyped, removed, or a new partitioning) raise
`Table.version` and add the function that makes rows of the next version from rows of
the one before. `Lake.migrate` applies them in turn and moves rows to where the
table's present partitioning wants them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

Migration = Callable[[pa.Table], pa.Table]
"""Rows of one version → rows of the next; must not depend on anything else."""

MIGRATIONS: Mapping[tuple[str, int], Migration] = {}
"""(table, version) → what makes version + 1 of it. Every table is at version 1."""
