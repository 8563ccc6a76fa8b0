"""The only door to Parquet: partitions that are replaced whole, and checked.

    <root>/<table>/day=2026-01-05/[source=name/]part-000003-<checksum>.parquet

* **One file a partition, its checksum in its name.** A new file is written under
  `.tmp`, made durable, and renamed into place with the next number; that rename is
  the replacement. The newest number counts, and the older file is then removed. A
  kill at any moment leaves the old or the new, never a mix, and there is no second
  file (a checksum beside it) that could disagree with the first.
* **A file never changes under its name**, so an engine that opens a path twice, as
  DuckDB does (once for the footer, once for the pages), cannot mix two versions. If
  a writer removes the file between, the read is done again from the start.
* **Checksums are verified once a process**, and again when size, mtime or inode
  changed. The result is not kept on disk: rot changes none of the three, so a kept
  result would never see it. Verifying costs about 0.2 ms a megabyte.
* **Ids, hashtags and handles are values, never path parts.** Source names are
  checked against `SOURCE_NAME`.
* **Only declared schemas are read.** Added columns read as NULL; a file of an older
  version is refused until `trendlab migrate` has taken it across.
* **One writer.** Every write holds the lake's lock, or takes it for its duration;
  a second writer fails at once. Readers need no lock.
"""

from __future__ import annotations

from trendlab.lake.checks import Rejected, check_rows
from trendlab.lake.files import SOURCE_NAME
from trendlab.lake.merge import Upserted
from trendlab.lake.migrations import MIGRATIONS, Migration
from trendlab.lake.query import Span
from trendlab.lake.reading import LakeReader
from trendlab.lake.store import Lake

__all__ = [
    "MIGRATIONS",
    "SOURCE_NAME",
    "Lake",
    "LakeReader",
    "Migration",
    "Rejected",
    "Span",
    "Upserted",
    "check_rows",
]
